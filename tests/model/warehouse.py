"""The engine at work on the model's site, and what it has stored, read without its help."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from demo.site.auth import DEMO_KEY, DEMO_SECRET
from tests.ingesting import no_sleep
from tests.model.books import DOCTYPES
from tests.model.wire import Gate, Wire
from warehouse.documents.control import CONTROL_MODELS, Lease
from warehouse.documents.drift import DriftEvent
from warehouse.documents.raw import raw_model
from warehouse.documents.tombstones import tombstones
from warehouse.ingestion.run import Limits, Surroundings, ingest_instance, open_look
from warehouse.ingestion.task import Depth, Selection
from warehouse.ingestion.verify import Verification, compare
from warehouse.settings import ErpInstance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.model.site import Key, Lifetime, ModelSite
    from warehouse.documents.control import Run

Row = dict[str, Any]

INVENTORY_ROWS = 20
PAGE_ROWS = 10
SETTLE_S = 0.01
EVERYTHING = Selection(depth=Depth.EVERYTHING)
ERP = ErpInstance(
    instance="site",
    url="http://127.0.0.1:9",
    api_key=DEMO_KEY,
    api_secret=DEMO_SECRET,
    include=DOCTYPES,
    page_rows=PAGE_ROWS,
)
LIMITS = Limits(inventory_rows=INVENTORY_ROWS)


@dataclass
class Stopped:
    """A run that was stopped dead, and the site's change number when it began."""

    task: asyncio.Task[Run]
    gate: Gate
    began: int


@dataclass
class Warehouse:
    """Runs the engine; `stopped` are runs that wait to be let go on."""

    site: ModelSite
    stopped: list[Stopped] = field(default_factory=list)

    async def wipe(self) -> None:
        """Forget everything, so that the next walk begins anew."""
        models = [model.get_pymongo_collection() for model in (*CONTROL_MODELS, DriftEvent)]
        stores = [raw_model("site").get_pymongo_collection(), tombstones("site")]
        for collection in (*models, *stores):
            await collection.delete_many({})

    async def run(self, selection: Selection | None = None, gate: Gate | None = None) -> Run:
        """Run to the end, undisturbed but for what the gate does."""
        gate = gate or Gate()
        task = self._start(selection, gate)
        return await task

    async def run_until_stopped(self, selection: Selection | None, gate: Gate) -> Run | None:
        """Run until the gate stops it; the run's record if it never did."""
        began = self.site.changes
        task = self._start(selection, gate)
        waiting = asyncio.create_task(gate.stopped.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            return await task
        # What had passed the gate before it closed comes to its end.
        await asyncio.sleep(SETTLE_S)
        self.stopped.append(Stopped(task, gate, began))
        return None

    async def revive(self) -> tuple[Stopped, BaseException | Run]:
        """Let the run that was stopped first go on; return it and how it ended."""
        stopped = self.stopped.pop(0)
        stopped.gate.let_go()
        (ended,) = await asyncio.gather(stopped.task, return_exceptions=True)
        return stopped, ended

    async def bury_stopped(self) -> None:
        """End the runs that wait."""
        for stopped in self.stopped:
            stopped.task.cancel()
            stopped.gate.let_go()
        await asyncio.gather(*(each.task for each in self.stopped), return_exceptions=True)
        self.stopped.clear()

    async def expire_lease(self) -> None:
        """Let the time pass after which a dead holder's lease is free."""
        await Lease.get_pymongo_collection().update_one(
            {"_id": "site"}, [{"$set": {"expires_at": {"$subtract": ["$$NOW", 1_000]}}}]
        )

    async def read_token(self) -> int:
        """Return the token of the last holder of the lease."""
        lease = await Lease.get_pymongo_collection().find_one({"_id": "site"}) or {"token": 0}
        return int(lease["token"])

    async def verify(self, sample: int) -> Verification:
        """Compare as `csa verify` does."""
        async with open_look(ERP, LIMITS, self._surroundings(Gate())) as run:
            return await compare(run, Selection(), sample)

    def _start(self, selection: Selection | None, gate: Gate) -> asyncio.Task[Run]:
        with gate.watching():
            run = ingest_instance(ERP, LIMITS, selection, self._surroundings(gate))
            gate.task = asyncio.create_task(run)
            return gate.task

    def _surroundings(self, gate: Gate) -> Surroundings:
        return Surroundings(Wire(self.site, gate), no_sleep, self.site.clock.read)

    async def read_store(self) -> list[Row]:
        """Return the stored rows."""
        return await raw_model("site").get_pymongo_collection().find({}).to_list()

    async def read_tombstones(self) -> dict[Lifetime, list[Row]]:
        """Return the tombstones of each lifetime."""
        found: dict[Lifetime, list[Row]] = defaultdict(list)
        async for row in tombstones("site").find({}):
            found[row["doctype"], row["name"], row["erp_creation"]].append(row)
        return found


def by_key(rows: list[Row]) -> Mapping[Key, Row]:
    """Return stored rows by DocType and name."""
    return {(row["doctype"], row["name"]): row for row in rows}
