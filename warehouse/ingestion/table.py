"""A DocType with a list: its survey takes the inventory, its pull fetches what differs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from warehouse.documents.rejected import clear_rejected
from warehouse.erpnext.paging import Position, latest_past, parse_site_datetime
from warehouse.ingestion.catalog import read_shape
from warehouse.ingestion.inventory import OVERLAP, find_differences, take_inventory
from warehouse.ingestion.pull import Puller
from warehouse.ingestion.state import write_state

if TYPE_CHECKING:
    from datetime import datetime

    from warehouse.documents.control import SyncState
    from warehouse.ingestion.inventory import Inventory
    from warehouse.ingestion.task import Task


@dataclass(slots=True)
class TableWork:
    """The sync of a DocType with a list.

    `names`: what to pull. `listed`: the names in the inventory, as strings.
    """

    task: Task
    names: list[str | int] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    inventory: Inventory | None = None
    surveyed_at: datetime | None = None

    @property
    def differs(self) -> bool:
        """Whether there is anything to pull."""
        return bool(self.names) or (self.inventory is not None and self.inventory.is_cut)

    async def survey(self) -> None:
        """Take the inventory and compare it with what is stored."""
        task = self.task
        self.surveyed_at = task.session.clock()
        state = None if task.full else task.state
        inventory = await take_inventory(task.session, task.client, task.doctype, state)
        differences = await find_differences(task.session, task.doctype, inventory)
        self.inventory = inventory
        self.names = [row["name"] for row in inventory.rows] if task.full else differences.names
        self.listed = {str(row["name"]) for row in inventory.rows}
        task.report.seen = len(inventory.rows)
        task.report.absent = differences.absent
        again = task.rejected - {str(name) for name in self.names}
        if inventory.is_complete:
            gone = task.rejected - self.listed
            await clear_rejected(task.session.instance, task.doctype, gone)
            again -= gone
        self.names += sorted(again)

    def describe(self) -> str:
        """Return what there is to do, so that the same work reads the same."""
        if self.task.full or self.inventory is None:
            return "everything"
        wanted = set(self.names)
        rows = [row for row in self.inventory.rows if row["name"] in wanted]
        return "\n".join(f"{row['name']} {row['modified']} {row['creation']}" for row in rows)

    async def pull(self) -> dict[str, Any]:
        """Fetch and store what differs; return what changes in the DocType's state."""
        if self.inventory is None or self.surveyed_at is None:
            raise RuntimeError("pulled before it was surveyed")
        zone = ZoneInfo(self.task.session.time_zone)
        site_now = self.surveyed_at.astimezone(zone).replace(tzinfo=None)
        high_water = latest_past(self.inventory.rows, site_now)
        walked = await self._pull(self.inventory, site_now) if self.differs else None
        if walked:
            high_water = latest_past([{"modified": walked.modified}], site_now) or high_water
        changes: dict[str, Any] = {"position": None}
        if high_water:
            changes["high_water"] = high_water
        if not self.inventory.is_recent:
            changes["verified_at"] = self.surveyed_at
        return changes

    async def _pull(self, inventory: Inventory, site_now: datetime) -> Position | None:
        """Pull what differs; return where a walk in pages got to, or None if there was none."""
        task = self.task
        shape = await read_shape(task.session, task.catalog, task.entry)
        puller = Puller(task.session, task.client, shape, task.report)
        many = len(self.names) > max(task.session.erp.page_rows, len(inventory.rows) / 2)
        must_walk = many or inventory.is_cut
        walked = await self._walk(puller, inventory, site_now) if must_walk else None
        await puller.pull_names([name for name in self.names if str(name) not in puller.pulled])
        settled = (task.rejected & puller.pulled) - puller.rejected
        await clear_rejected(task.session.instance, task.doctype, settled)
        task.report.seen = len(self.listed | puller.pulled)
        return walked

    async def _walk(
        self, puller: Puller, inventory: Inventory, site_now: datetime
    ) -> Position | None:
        """Walk in pages; return the last position that is not in the future."""
        at = None if self.task.full else _position(self.task.state)

        async def remember(position: Position) -> None:
            nonlocal at
            age = site_now - parse_site_datetime(position.modified)
            if age >= timedelta(0):
                at = position
            # What is younger may yet get company before it: rows of transactions still open.
            if age >= OVERLAP:
                where = {"modified": position.modified, "name": position.name}
                await write_state(self.task.session, self.task.doctype, {"position": where})

        await puller.pull_walk(inventory.query, at, remember)
        return at


def _position(state: SyncState | None) -> Position | None:
    if not state or not state.position:
        return None
    return Position(state.position["modified"], state.position["name"])
