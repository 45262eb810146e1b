"""What the figures of datasets are built from: invoices of two years, with their items and parties.

A small site is ingested; its invoices are then stored again and again under other names and days.
"""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import AsyncMongoClient

from demo.books import Mix
from demo.site.process import SiteProcess
from tests.bench.engine import run_once, settings_of
from tests.bench.workbench import INSTANCE
from warehouse.documents.business import init_business
from warehouse.documents.database import init_documents
from warehouse.documents.datasets import DatasetBuild, DatasetPointer
from warehouse.documents.raw import raw_model
from warehouse.transform.run import Terms, open_transform

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pymongo.asynchronous.database import AsyncDatabase

    from tests.bench.workbench import Workbench
    from warehouse.datasets.declaration import Dataset
    from warehouse.transform.run import DatasetReport, Transform

DOCTYPE = "Sales Invoice"
SLUG = "sales_lines"
CROSSWALKS = ("items", "parties")
DATABASE, BUSINESS = "bench-transform", "bench-transform-business"
ORIGINALS = 300
BATCH = 500
DAYS = 730
FIRST_DAY = datetime(2024, 4, 1)  # noqa: DTZ001 the site's own calendar


@dataclass(frozen=True)
class TransformStore:
    """The datastore and the business database, filled."""

    business: AsyncDatabase[dict[str, Any]]

    async def forget_builds(self) -> None:
        """Leave of the dataset neither rows nor pointer: it was never built."""
        for model in (DatasetPointer, DatasetBuild):
            await model.get_pymongo_collection().delete_many({"$or": [{"_id": SLUG}, _OF_IT]})
        for name in (SLUG, f"{SLUG}_rejected"):
            await self.business[name].drop()
        await init_business(self.business, [SLUG])

    @asynccontextmanager
    async def transform(self, *, full: bool = False) -> AsyncIterator[Transform]:
        async with open_transform(self.business, [INSTANCE], Terms(full=full)) as transform:
            yield transform

    async def build(self, *, full: bool = False) -> tuple[DatasetReport, float]:
        """Transform the dataset; return what was done and the seconds it took."""
        async with self.transform(full=full) as transform:
            dataset: Dataset = transform.terms.registry.get(SLUG)
            started = time.perf_counter()
            report = await transform.run(dataset)
            seconds = time.perf_counter() - started
        if report.failed:
            raise RuntimeError(f"{SLUG} failed: {report.failed[0].failure}")
        return report, seconds


_OF_IT = {"dataset": SLUG}


@asynccontextmanager
async def open_store(bench: Workbench) -> AsyncIterator[TransformStore]:
    """Fill a datastore with as many invoices as the bench is set to; gone afterwards."""
    async with AsyncMongoClient(bench.mongodb_uri, tz_aware=True) as client:
        await init_documents(client[DATABASE], [INSTANCE])
        with SiteProcess(documents=ORIGINALS, mix=Mix.INVOICES) as site:
            await run_once(settings_of(site))
        collection = raw_model(INSTANCE).get_pymongo_collection()
        originals = await collection.find({"doctype": DOCTYPE}).to_list()
        rows = list(_copies(originals, bench.sizes.documents))
        for start in range(0, len(rows), BATCH):
            await collection.insert_many(rows[start : start + BATCH], ordered=False)
        store = TransformStore(client[BUSINESS])
        async with store.transform() as transform:
            for slug in CROSSWALKS:
                await transform.run(transform.terms.registry.get(slug))
        try:
            yield store
        finally:
            await client.drop_database(DATABASE)
            await client.drop_database(BUSINESS)


def _copies(originals: list[dict[str, Any]], number: int) -> Iterator[dict[str, Any]]:
    stored_at = datetime.now(UTC)
    for index in range(number):
        original = originals[index % len(originals)]
        day = f"{FIRST_DAY + timedelta(days=index * DAYS // number):%Y-%m-%d}"
        name = f"COPY-{index:06}"
        own = {key: value for key, value in original.items() if key != "_id"}
        document = {**original["document_data"], "name": name, "posting_date": day, "docstatus": 1}
        yield {**own, "name": name, "synced_at": stored_at, "document_data": document}
