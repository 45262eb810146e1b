"""A datastore filled by hand, the transform over it, and the rows that readers would get."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128

from warehouse.documents.business import rejected_rows_of, rows_of
from warehouse.documents.control import CatalogEntry, Outcome, SyncState
from warehouse.documents.datasets import DatasetPointer, read_pointer
from warehouse.documents.raw import raw_model
from warehouse.ingestion.assembly import hash_content
from warehouse.transform.run import Terms, open_transform

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from warehouse.datasets.registry import Registry
    from warehouse.transform.run import DatasetReport

ENGINE_FIELDS = ("_id", "build_id", "row", "access", "expires_at")
START = datetime(2026, 6, 15, 6, tzinfo=UTC)

Document = dict[str, Any]


@dataclass
class Books:
    """Documents of instances, stored as ingestion stores them, and the datasets made of them."""

    business: AsyncDatabase[dict[str, Any]]
    registry: Registry
    instances: tuple[str, ...] = ("site",)
    now: datetime = START
    _seconds: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def put(self, *documents: Document, instance: str = "site") -> None:
        """Store documents (`doctype` and `name` given), in place of those of the same name."""
        collection = raw_model(instance).get_pymongo_collection()
        for document in documents:
            key = {"doctype": document["doctype"], "name": document["name"]}
            fields = {
                **key,
                "content_hash": hash_content(document),
                "owner_lc": document.get("owner", "somebody@example.com"),
                "synced_at": START + timedelta(seconds=next(self._seconds)),
                "run_id": "site-1",
                "document_data": document,
            }
            await collection.replace_one(key, fields, upsert=True)

    async def remove(self, doctype: str, name: str, instance: str = "site") -> None:
        key = {"doctype": doctype, "name": name}
        removed = await raw_model(instance).get_pymongo_collection().delete_one(key)
        assert removed.deleted_count == 1

    async def describe(self, doctype: str, *metas: Document, instance: str = "site") -> None:
        """Put the merged metas of a DocType into the catalog."""
        await CatalogEntry.find({"instance": instance, "doctype": doctype}).delete()
        entry = CatalogEntry(instance=instance, doctype=doctype, policy="ordinary")
        entry.metas = list(metas)
        await entry.insert()

    async def sync(
        self, doctype: str, outcome: Outcome = Outcome.COMPLETED, instance: str = "site"
    ) -> None:
        """Say how the last sync of a DocType ended."""
        await SyncState.find({"instance": instance, "doctype": doctype}).delete()
        state = SyncState(instance=instance, doctype=doctype, token=1, outcome=outcome)
        state.verified_at = self.now
        await state.insert()

    async def transform(self, *slugs: str, full: bool = False) -> dict[str, DatasetReport]:
        """Transform, and return what was done with each dataset."""
        terms = Terms(full=full, registry=self.registry, clock=lambda: self.now)
        async with open_transform(self.business, self.instances, terms) as transform:
            chosen = self.registry.choose(slugs)
            return {dataset.slug: await transform.run(dataset) for dataset in chosen}

    async def pointer(self, slug: str) -> DatasetPointer:
        return await read_pointer(slug)

    async def rows(self, slug: str) -> list[Document]:
        """Return the live rows in the order of their keys, numbers as text without padding."""
        live = [one.build_id for one in (await read_pointer(slug)).live]
        found = rows_of(slug).find({"build_id": {"$in": live}}).sort("row")
        return [plain(row) async for row in found]

    async def rejected(self, slug: str) -> list[Document]:
        live = [one.build_id for one in (await read_pointer(slug)).live]
        found = rejected_rows_of(slug).find({"build_id": {"$in": live}})
        return sorted([plain(row) async for row in found], key=str)


def plain(row: Document) -> Document:
    """Return the columns of a row, Decimal128 as text without trailing zeros."""
    return {
        name: f"{value.to_decimal().normalize():f}" if isinstance(value, Decimal128) else value
        for name, value in row.items()
        if name not in ENGINE_FIELDS
    }
