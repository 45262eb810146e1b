"""Ingest a sample site into a test's datastore, and compare the two."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx

from warehouse.documents.control import DocTypeReport, Outcome, SyncState
from warehouse.documents.drift import DriftEvent
from warehouse.documents.raw import raw_model
from warehouse.documents.tombstones import tombstones
from warehouse.erpnext.client import ErpClient
from warehouse.erpnext.meta import Shape
from warehouse.erpnext.query import ListQuery
from warehouse.ingestion.assembly import assemble
from warehouse.ingestion.run import Limits, Surroundings, ingest_instance
from warehouse.ingestion.task import Depth, Selection
from warehouse.settings import ErpInstance

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.database import AsyncDatabase

    from demo.site.process import SiteProcess
    from warehouse.documents.control import Run

Key = tuple[str, str]

SITE_ZONE = ZoneInfo("Asia/Kolkata")


async def no_sleep(_seconds: float) -> None:
    """Wait for nothing."""


@dataclass
class Ingester:
    """Runs the engine against a site; `options` go into the instance's settings."""

    database: AsyncDatabase[dict[str, Any]]
    site: SiteProcess
    inventory_rows: int = 20_000
    options: dict[str, Any] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=lambda: Surroundings(sleep=no_sleep))

    @property
    def erp(self) -> ErpInstance:
        return ErpInstance(
            instance="site",
            url=self.site.url,
            api_key=self.site.key,
            api_secret=self.site.secret,
            **self.options,
        )

    async def run(self, *doctypes: str, full: bool = False) -> Run:
        depth = Depth.EVERYTHING if full else Depth.CHANGES
        selection = Selection(frozenset(doctypes), depth)
        limits = Limits(inventory_rows=self.inventory_rows)
        return await ingest_instance(self.erp, limits, selection, self.surroundings)

    async def reconcile(
        self, *doctypes: str, depth: Depth = Depth.EVERYTHING, accept_deletes: bool = False
    ) -> Run:
        """Make the store equal the site, as `csa reconcile` does."""
        selection = Selection(frozenset(doctypes), depth, accepts_deletes=accept_deletes)
        limits = Limits(inventory_rows=self.inventory_rows)
        return await ingest_instance(self.erp, limits, selection, self.surroundings, "reconcile")

    def travel(self, when: datetime) -> None:
        """Let the following runs happen at `when`; the site's clock stays."""
        self.surroundings = replace(self.surroundings, clock=lambda: when)

    async def buried(self, *doctypes: str) -> dict[str, dict[str, Any]]:
        """Return name → tombstone, and fail when a name has two."""
        query = {"doctype": {"$in": doctypes}} if doctypes else {}
        rows = await tombstones("site").find(query).to_list()
        assert len({row["name"] for row in rows}) == len(rows)
        return {row["name"]: row for row in rows}

    async def read_drift(self) -> list[DriftEvent]:
        """Return the drift events, in order of DocType and field."""
        return await DriftEvent.find_all().sort("doctype", "field").to_list()

    @property
    def stored(self) -> AsyncCollection[dict[str, Any]]:
        return raw_model("site").get_pymongo_collection()

    async def report(self, doctype: str, *, full: bool = False) -> DocTypeReport:
        """Run one DocType and return what the run reports of it."""
        return report_of(await self.run(doctype, full=full), doctype)

    async def state(self, doctype: str) -> SyncState:
        """Return how far a DocType's sync is."""
        state = await SyncState.find_one({"instance": "site", "doctype": doctype})
        assert state, f"{doctype} has no state"
        return state

    def insert(self, doctype: str, *documents: dict[str, Any]) -> None:
        """Insert documents into the site."""
        self.site.control.do_all(
            {"do": "insert", "doctype": doctype, "document": document} for document in documents
        )

    def edit(
        self, doctype: str, name: str | int, modified: str | None = "now", **values: Any
    ) -> None:
        """Change a document of the site; `modified` None leaves its time stamp as it is."""
        self.site.control.do("edit", doctype=doctype, name=name, values=values, modified=modified)

    def rename(
        self, doctype: str, name: str | int, new_name: str | int, *, comment: bool = True
    ) -> None:
        """Rename a document of the site as its desk does, or without the Comment that tells."""
        self.site.control.do(
            "rename", doctype=doctype, name=name, new_name=new_name, comment=comment
        )

    def delete(self, doctype: str, *names: str | int, trace: bool = True) -> None:
        """Delete documents of the site, with a row in Deleted Document or without a trace."""
        self.site.control.do_all(
            {"do": "delete", "doctype": doctype, "name": name, "trace": trace} for name in names
        )

    def undate(self, doctype: str, name: str) -> None:
        """Take the `modified` of a document away, as an import by SQL may leave it."""
        values = {"modified": None}
        self.site.control.do("edit", doctype=doctype, name=name, values=values)

    def requests(self, kind: str, doctype: str) -> int:
        """Return how many requests of this kind the site has answered since the last reset."""
        return sum(
            row["requests"]
            for row in self.site.control.stats()["requests"]
            if (row["kind"], row["doctype"]) == (kind, doctype)
        )

    async def read_store(self, *doctypes: str) -> dict[Key, dict[str, Any]]:
        """Return (DocType, name) → document_data, and fail on a document that is there twice."""
        query = {"doctype": {"$in": doctypes}} if doctypes else {}
        rows = [row async for row in self.stored.find(query)]
        counts = Counter((row["doctype"], row["name"]) for row in rows)
        assert not [key for key, number in counts.items() if number > 1]
        return {(row["doctype"], row["name"]): row["document_data"] for row in rows}

    async def find(self, doctype: str, name: str) -> dict[str, Any]:
        """Return the stored row of a document."""
        row = await self.stored.find_one({"doctype": doctype, "name": name})
        assert row, f"{doctype} {name} is not stored"
        return row

    async def read_site(self, *doctypes: str) -> dict[Key, dict[str, Any]]:
        """Return what single reads of every document give: another way than the engine's."""
        documents: dict[Key, dict[str, Any]] = {}
        async with ErpClient(self.erp) as client:
            for doctype in doctypes:
                shape = Shape.of(await client.read_metas(doctype))
                for row in await client.list_rows(ListQuery(doctype, ("name",))):
                    document = assemble(shape, await client.read(doctype, row["name"]))
                    documents[doctype, str(row["name"])] = document
        return documents

    async def assert_equal(self, *doctypes: str) -> None:
        """Fail unless the store holds what the site does: nothing missing, double or different."""
        stored, there = await self.read_store(*doctypes), await self.read_site(*doctypes)
        assert there
        assert stored.keys() == there.keys()
        different = [key for key, document in there.items() if stored[key] != document]
        assert not different


def site_now(**ago: float) -> str:
    """Return a moment of the sample site's clock, as its rows have it."""
    return str(datetime.now(SITE_ZONE).replace(tzinfo=None) - timedelta(**ago))


def report_of(run: Run, doctype: str) -> DocTypeReport:
    """Return what a run reports of a DocType; nothing but zeros of a quiet one."""
    assert not run.failure, run.failure
    quiet = DocTypeReport(doctype=doctype, outcome=Outcome.COMPLETED)
    return next((report for report in run.doctypes if report.doctype == doctype), quiet)


def down() -> httpx.MockTransport:
    """Return the transport of an ERP that nobody answers for."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    return httpx.MockTransport(refuse)
