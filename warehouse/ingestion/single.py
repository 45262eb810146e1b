"""A Single DocType: one document, without a list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.documents.raw import read_hashes
from warehouse.documents.rejected import clear_rejected
from warehouse.ingestion.assembly import assemble, hash_content
from warehouse.ingestion.catalog import read_shape
from warehouse.ingestion.departures import Departures
from warehouse.ingestion.state import unqueue
from warehouse.ingestion.storing import store_documents

if TYPE_CHECKING:
    from datetime import datetime

    from warehouse.ingestion.task import Task


@dataclass(slots=True)
class SingleWork:
    """The sync of a Single: its survey reads the document, its pull stores it."""

    task: Task
    document: dict[str, Any] = field(default_factory=dict)
    surveyed_at: datetime | None = None
    stored: int = 0
    departures: Departures = field(default_factory=Departures)
    differs: bool = False

    async def survey(self) -> None:
        """Read the document and compare it with the stored one."""
        task, doctype = self.task, self.task.doctype
        self.surveyed_at = task.session.clock()
        document = await task.client.read(doctype, doctype)
        shape = await read_shape(task.session, task.catalog, task.entry)
        self.document = assemble(shape, document)
        stored = await read_hashes(task.session.documents, doctype, [doctype])
        self.stored = len(stored)
        self.differs = stored.get(doctype) != hash_content(self.document)
        task.report.seen = 1

    def describe(self) -> str:
        """Return what there is to do, so that the same work reads the same."""
        return hash_content(self.document)

    async def pull(self) -> dict[str, Any]:
        """Store the document if it differs; return what changes in the DocType's state."""
        task = self.task
        refused: set[str] = set()
        if self.differs:
            refused = await store_documents(
                task.session, task.doctype, [self.document], task.report
            )
        await clear_rejected(task.session.instance, task.doctype, task.rejected - refused)
        await unqueue(task.session, task.doctype, task.queued)
        read_at = self.surveyed_at
        return {"verified_at": read_at, "reread_at": read_at, "frozen_at": None}
