"""What 10 changes cost at a site of 1,000,000 documents, beside a run that finds none.

Measured only when asked for by name: the site alone takes 11 GB and two minutes to make.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from demo.site.process import SiteProcess
from tests.bench.engine import run_once, settings_of
from tests.bench.workbench import INSTANCE, START_S, Workbench
from warehouse.documents.raw import raw_model
from warehouse.ingestion.run import Limits

if TYPE_CHECKING:
    from warehouse.documents.control import Run

EDITED = {"Sales Invoice": 4, "Farmer": 2, "Customer": 1, "Item": 1}
DELETED = {"Payment Entry": 1}
INSERTED = {"Customer": "Come Lately"}


@dataclass(frozen=True)
class Cost:
    """What a run took; `rows`: what the site gave out, of all lists and single reads."""

    requests: int
    rows: int
    received_mb: float
    seconds: float


async def take(bench: Workbench) -> dict[str, Any]:
    started = time.perf_counter()
    with SiteProcess(documents=bench.sizes.most_documents, start_s=START_S) as site:
        bench.say(f"  {site.announcement}, after {time.perf_counter() - started:.0f} s")
        async with bench.database():
            return await _measure(site, bench)


async def _measure(site: SiteProcess, bench: Workbench) -> dict[str, Any]:
    """Ingest, run again, change ten documents, run again."""
    inventory_rows = bench.sizes.inventory_rows
    first, first_cost = await _run(site, inventory_rows)
    bench.say(f"  {first.totals.new:,} documents stored: {first_cost}")
    _, quiet = await _run(site, inventory_rows)
    bench.say(f"  nothing changed: {quiet}")
    await _change(site)
    run, changed = await _run(site, inventory_rows)
    bench.say(f"  10 changes: {changed}")
    found = run.totals.changed + run.totals.new + run.totals.deleted
    if found != sum((*EDITED.values(), *DELETED.values(), len(INSERTED))):
        raise RuntimeError(f"10 documents were changed, {found} changes were found")
    return {
        "value": changed.requests - quiet.requests,
        "documents": first.totals.new,
        "first": asdict(first_cost),
        "quiet": asdict(quiet),
        "ten_changes": asdict(changed),
    }


async def _run(site: SiteProcess, inventory_rows: int) -> tuple[Run, Cost]:
    site.control.stats(reset=True)
    run = await run_once(settings_of(site), Limits(inventory_rows=inventory_rows))
    answered = site.control.stats()["requests"]
    cost = Cost(
        requests=sum(row["requests"] for row in answered),
        rows=sum(row["rows"] for row in answered),
        received_mb=round(run.totals.received_bytes / 1e6, 2),
        seconds=run.totals.seconds,
    )
    return run, cost


async def _change(site: SiteProcess) -> None:
    """Edit eight documents, delete one, insert one."""
    for doctype, number in EDITED.items():
        for name in await _choose(doctype, number):
            values = {"_user_tags": "", "owner": "somebody@csa.example"}
            site.control.do("edit", doctype=doctype, name=name, values=values, modified="now")
    for doctype, number in DELETED.items():
        for name in await _choose(doctype, number):
            site.control.do("delete", doctype=doctype, name=name)
    for doctype, name in INSERTED.items():
        site.control.do("insert", doctype=doctype, document={"name": name})


async def _choose(doctype: str, number: int) -> list[str]:
    """Return names of stored documents, spread over the DocType."""
    stored = raw_model(INSTANCE).get_pymongo_collection()
    names = [row["name"] async for row in stored.find({"doctype": doctype}, {"_id": 0, "name": 1})]
    return names[:: max(1, len(names) // number)][:number]
