"""Whole books in a datastore, and all that the datasets make of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pymongo import AsyncMongoClient

from tests.transforming import Books
from tests.warehouse.datasets.asking import ask
from warehouse.datasets.registry import load_registry
from warehouse.documents.database import init_documents
from warehouse.documents.raw import raw_model
from warehouse.ingestion.assembly import hash_content

if TYPE_CHECKING:
    from tests.warehouse.datasets.ledgers import Documents
    from warehouse.documents.datasets import DatasetBuild

Row = dict[str, Any]
Sites = Mapping[str, "Documents"]

SYNCED_AT = datetime(2026, 11, 24, 1, tzinfo=UTC)
INSTANCE = "site"
MEASURES = "growth_yoy,customers,customers_new,customers_repeat"


@dataclass(frozen=True, slots=True)
class Tied:
    """Documents by DocType, the rows of every dataset, and how its builds came out.

    `months`: what is told of the sales of each month against those of others.
    """

    documents: Documents
    rows: dict[str, list[Row]]
    builds: list[DatasetBuild]
    months: list[Row]


def tie(uri: str, name: str, documents: Documents, now: datetime) -> Tied:
    """Store documents in the database `name`, and transform them all as of `now`."""
    return Tied(documents, *asyncio.run(_transform(uri, name, {INSTANCE: documents}, now)))


def build_rows(uri: str, name: str, sites: Sites, slug: str) -> list[Row]:
    """Store the documents of several sites, and return the rows of one dataset of them."""
    rows, *_ = asyncio.run(_transform(uri, name, sites, SYNCED_AT, slug))
    return rows[slug]


async def _transform(
    uri: str, name: str, sites: Sites, now: datetime, *slugs: str
) -> tuple[dict[str, list[Row]], list[DatasetBuild], list[Row]]:
    registry = load_registry()
    chosen = registry.choose(slugs)
    async with AsyncMongoClient(uri, tz_aware=True) as client:
        await init_documents(client[name], sites)
        used = {source.doctype for each in chosen for source in each.doctypes}
        for instance, documents in sites.items():
            raw = raw_model(instance).get_pymongo_collection()
            for doctype in sorted(used & documents.keys()):
                if documents[doctype]:
                    await raw.insert_many([_store(document) for document in documents[doctype]])
        books = Books(client[f"{name}-business"], registry, tuple(sites), now=now)
        reports = await books.transform(*slugs)
        rows = {dataset.slug: await books.rows(dataset.slug) for dataset in chosen}
        builds = [build for report in reports.values() for build in report.built]
        months = [] if slugs else await ask("sales_monthly", MEASURES, "month")
        for database in (name, f"{name}-business"):
            await client.drop_database(database)
    return rows, builds, months


def _store(document: Mapping[str, Any]) -> Row:
    """Make what ingestion stores of a document: without its nulls."""
    data = _without_nulls(document)
    return {
        "doctype": data["doctype"],
        "name": data["name"],
        "content_hash": hash_content(data),
        "owner_lc": data.get("owner", ""),
        "synced_at": SYNCED_AT,
        "run_id": f"{INSTANCE}-1",
        "document_data": data,
    }


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value
