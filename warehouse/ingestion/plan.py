"""What an ingestion would pull: counts, denied DocTypes, requests and time. Pulls nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warehouse.documents.raw import count_by_doctype, raw_model
from warehouse.errors import ErpContractBroken, ErpRejected
from warehouse.ingestion.task import Depth

if TYPE_CHECKING:
    from warehouse.ingestion.active_run import ActiveRun
    from warehouse.ingestion.sync import DocTypeSync
    from warehouse.ingestion.task import Selection

# Measured on a real ERPNext 15 with two requests at once: lists with child tables, page 1,000.
DOCUMENTS_PER_S = 500.0
REQUESTS_PER_S = 30.0
# A list, two child tables, a second look at the parents.
REQUESTS_PER_PAGE = 4


@dataclass(frozen=True, slots=True)
class PlannedDocType:
    """One DocType: documents in the ERP (None: denied to the key) and in the store."""

    doctype: str
    in_erp: int | None
    stored: int

    @property
    def missing(self) -> int:
        """At least so many would be pulled; changes are known to the inventory only."""
        return max(0, (self.in_erp or 0) - self.stored)


@dataclass(slots=True)
class Plan:
    """What an ingestion of an instance would do."""

    instance: str
    page_rows: int
    doctypes: list[PlannedDocType] = field(default_factory=list)

    @property
    def documents(self) -> int:
        """At least so many documents would be pulled."""
        return sum(doctype.missing for doctype in self.doctypes)

    @property
    def denied(self) -> list[str]:
        """DocTypes that the key may not read."""
        return [doctype.doctype for doctype in self.doctypes if doctype.in_erp is None]

    @property
    def requests(self) -> int:
        """About so many requests: an inventory each, and the pages of what is missing."""
        pages = sum(-(-doctype.missing // self.page_rows) for doctype in self.doctypes)
        return len(self.doctypes) + pages * REQUESTS_PER_PAGE

    @property
    def seconds(self) -> float:
        """About so many seconds, on an ERP like the one that was measured."""
        return round(self.requests / REQUESTS_PER_S + self.documents / DOCUMENTS_PER_S, 1)


async def make_plan(run: ActiveRun, selection: Selection) -> Plan:
    """Count what there is, a request per DocType; the store is left as it is."""
    syncs = await run.list_syncs(selection)
    collection = raw_model(run.session.instance).get_pymongo_collection()
    stored = {} if selection.depth is Depth.EVERYTHING else await count_by_doctype(collection)
    planned = await asyncio.gather(
        *(
            _plan(run, sync, stored.get(sync.doctype, 0))
            for sync in sorted(syncs, key=lambda sync: sync.doctype)
        )
    )
    return Plan(run.session.instance, run.session.erp.page_rows, list(planned))


async def _plan(run: ActiveRun, sync: DocTypeSync, stored: int) -> PlannedDocType:
    try:
        if sync.task.entry.is_single:
            return PlannedDocType(sync.doctype, 1, stored)
        return PlannedDocType(sync.doctype, await run.session.client.count(sync.doctype), stored)
    except (ErpRejected, ErpContractBroken):
        return PlannedDocType(sync.doctype, None, stored)
