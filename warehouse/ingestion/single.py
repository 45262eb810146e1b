"""A Single DocType: one document, without a list.

One that was a table before has left documents in the store that its ERP gives out no more, not even
singly: they go to the tombstones, by the same rules as any that left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.documents.raw import read_contents
from warehouse.documents.rejected import clear_rejected
from warehouse.erpnext.query import ListQuery
from warehouse.ingestion.assembly import assemble, hash_content
from warehouse.ingestion.catalog import read_shape
from warehouse.ingestion.departures import Departures, remove
from warehouse.ingestion.gone import explain, is_suspect
from warehouse.ingestion.state import unqueue
from warehouse.ingestion.storing import store_documents

if TYPE_CHECKING:
    from datetime import datetime

    from warehouse.documents.raw import StoredVersion
    from warehouse.ingestion.task import Task


@dataclass(slots=True)
class SingleWork:
    """The sync of a Single: its survey reads the document, its pull stores it."""

    task: Task
    document: dict[str, Any] = field(default_factory=dict)
    surveyed_at: datetime | None = None
    stored: int = 0
    departures: Departures = field(default_factory=Departures)
    has_changed: bool = False

    @property
    def differs(self) -> bool:
        """Whether the survey found anything to do or to tell."""
        return bool(self.has_changed or self.departures.gone or self.departures.kept)

    async def survey(self) -> None:
        """Read the document and compare it with the stored one."""
        task, doctype = self.task, self.task.doctype
        self.surveyed_at = task.session.clock()
        document = await task.client.read(doctype, doctype)
        shape = await read_shape(task.session, task.catalog, task.entry)
        self.document = assemble(shape, document)
        stored = await read_contents(task.session.documents, doctype)
        self.stored = len(stored)
        known = stored.pop(doctype, None)
        self.has_changed = known is None or known.content_hash != hash_content(self.document)
        if stored:
            self.departures = await self._find_departures(stored)
        task.report.seen, task.report.absent = 1, self.departures.kept

    async def _find_departures(self, rows: dict[str, StoredVersion]) -> Departures:
        """Return which documents of the former table left, once the ERP has confirmed its kind."""
        task = self.task
        query = ListQuery("DocType", ("name", "issingle"), filters=(("name", "=", task.doctype),))
        if not any(row["issingle"] for row in await task.client.list_rows(query)):
            return Departures()
        lifetimes = [(name, version.erp_creation) for name, version in rows.items()]
        gone = explain(task.doctype, lifetimes, task.feeds, {})
        if is_suspect(gone, self.stored) and not task.accepts_deletes:
            return Departures(kept=len(gone))
        return Departures(gone)

    def describe(self) -> str:
        """Return what there is to do, so that the same work reads the same."""
        departed = f"{self.departures.gone} {self.departures.kept}"
        return f"{hash_content(self.document)} {departed}"

    async def pull(self) -> dict[str, Any]:
        """Store the document if it differs; return what changes in the DocType's state."""
        task = self.task
        await remove(task, self.departures.gone)
        refused: set[str] = set()
        if self.has_changed:
            refused = await store_documents(
                task.session, task.doctype, [self.document], task.report
            )
        await clear_rejected(task.session.instance, task.doctype, task.rejected - refused)
        await unqueue(task.session, task.doctype, task.queued)
        read_at = self.surveyed_at
        return {"verified_at": read_at, "reread_at": read_at, "frozen_at": None}
