"""Whole books in a datastore, and all that the datasets make of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pymongo import AsyncMongoClient

from tests.transforming import Books
from warehouse.datasets.registry import load_registry
from warehouse.documents.database import init_documents
from warehouse.documents.raw import raw_model
from warehouse.ingestion.assembly import hash_content

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.warehouse.datasets.ledgers import Documents
    from warehouse.documents.datasets import DatasetBuild

Row = dict[str, Any]

SYNCED_AT = datetime(2026, 11, 24, 1, tzinfo=UTC)
INSTANCE = "site"


@dataclass(frozen=True, slots=True)
class Tied:
    """Documents by DocType, the rows of every dataset, and how its builds came out."""

    documents: Documents
    rows: dict[str, list[Row]]
    builds: list[DatasetBuild]


def tie(uri: str, name: str, documents: Documents, now: datetime) -> Tied:
    """Store documents in the database `name`, and transform them all as of `now`."""
    return asyncio.run(_tie(uri, name, documents, now))


async def _tie(uri: str, name: str, documents: Documents, now: datetime) -> Tied:
    registry = load_registry()
    async with AsyncMongoClient(uri, tz_aware=True) as client:
        await init_documents(client[name], [INSTANCE])
        used = {source.doctype for each in registry.choose(()) for source in each.doctypes}
        raw = raw_model(INSTANCE).get_pymongo_collection()
        for doctype in sorted(used & documents.keys()):
            if documents[doctype]:
                await raw.insert_many([_store(document) for document in documents[doctype]])
        books = Books(client[f"{name}-business"], registry, now=now)
        reports = await books.transform()
        slugs = list(registry.datasets)
        rows = {slug: await books.rows(slug) for slug in slugs}
        builds = [build for slug in slugs for build in reports[slug].built]
        for database in (name, f"{name}-business"):
            await client.drop_database(database)
    return Tied(documents, rows, builds)


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
