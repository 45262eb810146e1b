"""What the sync of one DocType in one run is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from warehouse.documents.control import DocTypeReport

if TYPE_CHECKING:
    from warehouse.documents.control import CatalogEntry, SyncState
    from warehouse.erpnext.client import ErpClient
    from warehouse.ingestion.catalog import Catalog
    from warehouse.ingestion.feeds import Feeds
    from warehouse.ingestion.session import Session


class Depth(StrEnum):
    """How much a run asks for.

    changes: what the inventory shows as new or changed. names: a complete inventory of every
    DocType, however large. everything: that, and every document read again. queued: nothing but
    documents that are known to have changed.
    """

    CHANGES = "changes"
    NAMES = "names"
    EVERYTHING = "everything"
    QUEUED = "queued"


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run syncs: these DocTypes (all when empty), how deep, saved since when (site time).

    `accepts_deletes`: remove what left, however much and without a trace.
    """

    doctypes: frozenset[str] = frozenset()
    depth: Depth = Depth.CHANGES
    since: str | None = None
    accepts_deletes: bool = False


@dataclass(slots=True)
class Task:
    """One DocType to bring up to date, and the report of it.

    `rejected`: names kept aside by earlier runs, which are tried again. `is_due`: its turn to be
    read in full has come. `client` counts this DocType's requests.
    """

    session: Session
    catalog: Catalog
    entry: CatalogEntry
    state: SyncState | None
    selection: Selection
    feeds: Feeds
    rejected: frozenset[str] = frozenset()
    is_due: bool = False
    client: ErpClient = field(init=False)
    report: DocTypeReport = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.session.client.part()
        self.report = DocTypeReport(doctype=self.entry.doctype)

    @property
    def doctype(self) -> str:
        """The DocType's name."""
        return self.entry.doctype

    @property
    def depth(self) -> Depth:
        """How much is asked for: what was selected, or everything when it is due."""
        selected = self.selection.depth
        is_free = selected is Depth.CHANGES and not self.since
        return Depth.EVERYTHING if self.is_due and is_free else selected

    @property
    def is_complete(self) -> bool:
        """Whether the inventory must show every document, however many."""
        return self.depth in {Depth.NAMES, Depth.EVERYTHING}

    @property
    def since(self) -> str | None:
        """From which `modified` on documents are asked for, if that was selected."""
        return self.selection.since

    @property
    def accepts_deletes(self) -> bool:
        """Whether an operator has said that what left may be removed."""
        return self.selection.accepts_deletes

    @property
    def queued(self) -> list[str]:
        """Names of documents that changed without a new `modified`."""
        return self.state.queued if self.state else []
