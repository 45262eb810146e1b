"""What the sync of one DocType in one run is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warehouse.documents.control import DocTypeReport

if TYPE_CHECKING:
    from warehouse.documents.control import CatalogEntry, SyncState
    from warehouse.erpnext.client import ErpClient
    from warehouse.ingestion.catalog import Catalog
    from warehouse.ingestion.session import Session


@dataclass(slots=True)
class Task:
    """One DocType to bring up to date, and the report of it.

    `rejected`: names kept aside by earlier runs, which are tried again. `full`: pull every
    document, changed or not. `client` counts this DocType's requests.
    """

    session: Session
    catalog: Catalog
    entry: CatalogEntry
    state: SyncState | None
    rejected: frozenset[str] = frozenset()
    full: bool = False
    client: ErpClient = field(init=False)
    report: DocTypeReport = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.session.client.part()
        self.report = DocTypeReport(doctype=self.entry.doctype)

    @property
    def doctype(self) -> str:
        """The DocType's name."""
        return self.entry.doctype
