"""A DocType with a list: its survey takes the inventory, its pull fetches what differs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from warehouse.documents.rejected import clear_rejected
from warehouse.erpnext.meta import Shape
from warehouse.erpnext.paging import Position, latest_past, parse_site_datetime
from warehouse.errors import ErpRejected, ErpTimedOut
from warehouse.ingestion.catalog import read_shape, refresh_metas
from warehouse.ingestion.departures import Departures, bury_replaced, find_departures, remove
from warehouse.ingestion.inventory import OVERLAP, Inventory, find_differences, take_inventory
from warehouse.ingestion.links import queue_linking
from warehouse.ingestion.pull import Puller
from warehouse.ingestion.state import unqueue, write_state
from warehouse.ingestion.task import Depth

if TYPE_CHECKING:
    from datetime import datetime

    from warehouse.documents.control import SyncState
    from warehouse.erpnext.query import ListQuery
    from warehouse.ingestion.inventory import Differences
    from warehouse.ingestion.task import Task

Name = str | int


@dataclass(slots=True)
class TableWork:
    """The sync of a DocType with a list.

    `names`: what to pull. `listed`: the names in the inventory, as strings. `stored`: how many
    documents were stored before. `reached`: how far a walk in pages got. `has_drifted`: while it
    was pulled, so that what was stored before may have another shape.
    """

    task: Task
    names: list[Name] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    inventory: Inventory | None = None
    departures: Departures = field(default_factory=Departures)
    stored: int = 0
    reached: Position | None = None
    has_drifted: bool = False
    surveyed_at: datetime | None = None

    @property
    def rereads(self) -> bool:
        """Whether every document is pulled, changed or not."""
        return self.task.depth is Depth.EVERYTHING

    @property
    def differs(self) -> bool:
        """Whether the survey found anything to do, a turn on the rota apart."""
        is_cut = self.inventory is not None and self.inventory.is_cut
        departed = self.departures.gone or self.departures.kept
        return bool(self.names or is_cut or departed) or self.task.selection.depth is (
            Depth.EVERYTHING
        )

    async def survey(self) -> None:
        """Take the inventory, compare it with what is stored, and look who left."""
        task = self.task
        self.surveyed_at = task.session.clock()
        if task.entry.metas:
            task.is_due |= await refresh_metas(task.session, task.catalog, task.entry)
        if task.depth is Depth.QUEUED:
            self.names = list(task.queued)
            self.stored = task.state.documents if task.state else 0
            return
        inventory = await take_inventory(task)
        said_to_be_gone = task.feeds.names(task.doctype)
        differences = await find_differences(task.session, task.doctype, inventory, said_to_be_gone)
        self.inventory = inventory
        self.stored = await self._count_stored(inventory, differences)
        self.listed = {str(row["name"]) for row in inventory.rows}
        self.departures = await self._find_departures(inventory, differences)
        task.report.seen = len(inventory.rows)
        task.report.absent = self.departures.kept
        await self._choose_names(inventory, differences)
        if inventory.is_cut and not inventory.is_recent:
            # A walk shows them all again; held meanwhile, they would cost as much as a page.
            self.inventory = replace(inventory, rows=[])

    async def _find_departures(self, inventory: Inventory, differences: Differences) -> Departures:
        return await find_departures(
            self.task,
            differences.absent,
            differences.replaced,
            differences.newcomers,
            max(self.stored, len(inventory.rows)),
        )

    async def _count_stored(self, inventory: Inventory, differences: Differences) -> int:
        """Return how many documents are stored, counted only before a pull that costs much more.

        Adding up does not do: a killed run has stored documents and told no state of it.
        """
        if inventory.is_complete:
            return differences.stored
        if inventory.is_cut or differences.names or not self.task.state:
            return await self.task.session.documents.count_documents({"doctype": self.task.doctype})
        return self.task.state.documents

    async def _choose_names(self, inventory: Inventory, differences: Differences) -> None:
        """Set the names to pull: different, arrived under a new name, rejected, or queued."""
        task = self.task
        again = set(task.rejected)
        if inventory.is_complete:
            gone = task.rejected - self.listed
            await clear_rejected(task.session.instance, task.doctype, gone)
            again -= gone
        names: dict[str, Name] = {str(name): name for name in differences.names}
        for row in self.departures.arrived:
            names.setdefault(str(row["name"]), row["name"])
        for name in sorted(again | set(task.queued)):
            names.setdefault(name, name)
        self.names = list(names.values())

    def describe(self) -> str:
        """Return what there is to do, so that the same work reads the same."""
        wanted = set(self.names)
        rows = self.inventory.rows if self.inventory else []
        versions = [
            f"{row['name']} {row['modified']} {row['creation']}"
            for row in rows
            if row["name"] in wanted
        ]
        # Work that was done has left nobody to bury and nothing queued: these are always new.
        is_new = self.departures.gone or self.task.queued
        attempt = self.task.session.run_id if is_new else ""
        what = [self.task.selection.depth, f"{self.departures.kept}", attempt, f"{self.names}"]
        return "\n".join([*what, *versions])

    async def pull(self) -> dict[str, Any]:
        """Remove what left, fetch and store what differs; return what changes in the state."""
        task = self.task
        if self.surveyed_at is None:
            raise RuntimeError("pulled before it was surveyed")
        await queue_linking(task, self.departures.renamed)
        await remove(task, self.departures.gone)
        pulled: set[str] = set()
        high_water = None
        if self._must_pull:
            puller = await self._make_puller(task.session.erp.page_rows)
            high_water = await self._pull_patiently(puller, self._site_time(self.surveyed_at))
            pulled = puller.pulled
            settled = (task.rejected & pulled) - puller.rejected
            await clear_rejected(task.session.instance, task.doctype, settled)
            await unqueue(task.session, task.doctype, task.queued)
        task.report.seen = len(self.listed | pulled)
        return self._state_changes(pulled, high_water)

    @property
    def _must_pull(self) -> bool:
        is_cut = self.inventory is not None and self.inventory.is_cut
        return bool(self.names) or is_cut or (self.rereads and bool(self.listed))

    async def _make_puller(self, page_rows: int) -> Puller:
        task = self.task
        shape = await read_shape(task.session, task.catalog, task.entry)
        return Puller(
            session=task.session,
            client=task.client,
            shape=shape,
            report=task.report,
            page_rows=page_rows,
            renew=self._renew_shape,
            bury=partial(bury_replaced, task),
        )

    async def _renew_shape(self) -> Shape:
        task = self.task
        self.has_drifted |= await refresh_metas(
            task.session, task.catalog, task.entry, at_any_rate=True
        )
        return Shape.of(task.entry.metas)

    async def _pull_patiently(self, puller: Puller, site_now: datetime) -> str | None:
        """Pull; when an answer takes too long or a field is gone, go on with what there is."""
        while True:
            shape = puller.shape
            try:
                return await self._pull(puller, site_now)
            except ErpTimedOut:
                if not puller.page_size.shrink_for_good():
                    raise
            except ErpRejected as error:
                is_unknown = bool(error.context.get("unknown_field"))
                if not (is_unknown and await puller.renew_shape(shape)):
                    raise

    async def _pull(self, puller: Puller, site_now: datetime) -> str | None:
        """Pull the names, by a walk if they are many; return the high water that a walk reached."""
        names, rows = list(self.names), self.inventory.rows if self.inventory else []
        if self.rereads:
            chosen = {str(name) for name in names}
            names += [row["name"] for row in rows if str(row["name"]) not in chosen]
        many = len(names) > max(self.task.session.erp.page_rows, len(rows) / 2)
        walked = None
        if self.inventory and (many or self.inventory.is_cut):
            walked = await self._walk(puller, self.inventory.query, site_now)
        await puller.pull_names([name for name in names if str(name) not in puller.pulled])
        return latest_past([{"modified": walked.modified}], site_now) if walked else None

    def _state_changes(self, pulled: set[str], high_water: str | None) -> dict[str, Any]:
        if self.inventory is None or self.surveyed_at is None:
            return {}
        changes: dict[str, Any] = {"frozen_at": None}
        if not self.task.since:
            changes["position"] = None
            listed = latest_past(self.inventory.rows, self._site_time(self.surveyed_at))
            if high_water := high_water or listed:
                changes["high_water"] = high_water
        if not self.inventory.is_recent:
            changes["verified_at"] = self.surveyed_at
            resumed = self.task.state and self.task.state.position
            is_reread = (self.inventory.is_cut and not resumed) or self.listed <= pulled
            if is_reread and not self.has_drifted:
                changes["reread_at"] = self.surveyed_at
        return changes

    async def _walk(self, puller: Puller, query: ListQuery, site_now: datetime) -> Position | None:
        """Walk in pages; return the last position that is not in the future.

        The state's position is one of a pass over everything: a walk since some time neither goes
        on from it nor moves it, or the next pass would leave out what is before.
        """
        since = self.task.since
        if self.reached is None and not self.rereads and not since:
            self.reached = _position(self.task.state)

        async def remember(position: Position) -> None:
            age = site_now - parse_site_datetime(position.modified)
            if age >= timedelta(0):
                self.reached = position
            # What is younger may yet get company before it: rows of transactions still open.
            if age >= OVERLAP and not since:
                where = {"modified": position.modified, "name": position.name}
                await write_state(self.task.session, self.task.doctype, {"position": where})

        await puller.pull_walk(query, self.reached, remember)
        return self.reached

    def _site_time(self, at: datetime) -> datetime:
        zone = ZoneInfo(self.task.session.time_zone)
        return at.astimezone(zone).replace(tzinfo=None)


def _position(state: SyncState | None) -> Position | None:
    if not state or not state.position:
        return None
    return Position(state.position["modified"], state.position["name"])
