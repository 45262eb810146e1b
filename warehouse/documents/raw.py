"""`erp_<instance>`: the documents of one ERPNext instance as its single reads return them.

The hot paths go through the model's own pymongo collection: Beanie's validation costs 4 to 16 times
the driver, and its bulk upsert writes nothing (Beanie 2.2).
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from beanie import Document
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pymongo.asynchronous.collection import AsyncCollection

    Collection = AsyncCollection[dict[str, Any]]

COLLECTION_PREFIX = "erp_"


class RawFields(BaseModel):
    """One document of one instance; `document_data` is ERPNext's own JSON.

    `name`, `erp_modified`, `erp_creation` are strings as received, `owner_lc` the owner in lower
    case, `synced_at` when this content was stored, `run_id` by which run.
    """

    doctype: str
    name: str
    erp_modified: str | None = None
    erp_creation: str | None = None
    owner_lc: str | None = None
    content_hash: str
    synced_at: datetime
    run_id: str
    document_data: dict[str, Any] = Field(default_factory=dict)


class StoredVersion(NamedTuple):
    """What tells a stored document's content and lifetime apart from another's."""

    content_hash: str
    erp_modified: str | None
    erp_creation: str | None


# What people list documents by most. All of them together cost up to 15 % of a bulk write, measured
# with much noise; a collection takes 64 indexes, and all DocTypes share one.
SORTED_BY = ("posting_date", "transaction_date")
FILTERED_BY = ("customer", "supplier", "party")


@cache
def raw_model(instance: str) -> type[Document]:
    """Return the Beanie model of an instance's collection.

    Made from a plain mixin, since subclassing an initialised Document stores expression objects as
    field defaults (Beanie 2.2).
    """
    model = type(f"Raw_{instance}", (RawFields, Document), {"__module__": __name__})

    class Settings:
        name = COLLECTION_PREFIX + instance
        indexes = (
            IndexModel([("doctype", ASCENDING), ("name", ASCENDING)], unique=True),
            IndexModel([("doctype", ASCENDING), ("erp_modified", ASCENDING), ("name", ASCENDING)]),
            *_reading_indexes(),
        )

    model.Settings = Settings  # type: ignore[attr-defined]
    return model


def date_index(field: str) -> list[tuple[str, int]]:
    """Return the keys of the index of one of the dates."""
    return [
        ("doctype", ASCENDING),
        (f"document_data.{field}", ASCENDING),
        ("name", ASCENDING),
        ("synced_at", ASCENDING),
    ]


def _reading_indexes() -> list[IndexModel]:
    """Return the indexes of lists by date, and of lists of one party's documents, newest first.

    Dates: of all documents, since those without one are in such a list, too. `synced_at` at their
    end tells which months changed without looking at a document. Parties: of those that have one,
    so that the other DocTypes pay nothing.
    """
    by_date = [IndexModel(date_index(field)) for field in SORTED_BY]
    of_party = [
        IndexModel(
            [
                ("doctype", ASCENDING),
                (path, ASCENDING),
                ("erp_modified", ASCENDING),
                ("name", ASCENDING),
            ],
            partialFilterExpression={path: {"$exists": True}},
        )
        for path in (f"document_data.{field}" for field in FILTERED_BY)
    ]
    return by_date + of_party + _stock_indexes()


def _stock_indexes() -> list[IndexModel]:
    """Return the indexes that find a line's stock movement, and what an item last cost.

    Of stock ledger entries and the like only: the other DocTypes lack these fields and pay nothing.
    """
    movement, warehouse = "document_data.voucher_detail_no", "document_data.warehouse"
    cost = ("document_data.item_code", warehouse, "document_data.posting_date")
    return [
        IndexModel(movement, partialFilterExpression={movement: {"$exists": True}}),
        IndexModel(
            [(field, ASCENDING) for field in cost],
            partialFilterExpression={warehouse: {"$exists": True}},
        ),
    ]


async def read_versions(
    collection: Collection, doctype: str, names: Iterable[str] | None = None
) -> dict[str, tuple[str | None, str | None]]:
    """Return name → (erp_modified, erp_creation) of a DocType, or of `names` of it."""
    return {
        row["name"]: (row.get("erp_modified"), row.get("erp_creation"))
        async for row in collection.find(
            _select(doctype, names), {"_id": 0, "name": 1, "erp_modified": 1, "erp_creation": 1}
        )
    }


async def read_hashes(collection: Collection, doctype: str, names: Iterable[str]) -> dict[str, str]:
    """Return name → content_hash of the documents of `names` that are stored."""
    return {
        row["name"]: row["content_hash"]
        async for row in collection.find(
            _select(doctype, names), {"_id": 0, "name": 1, "content_hash": 1}
        )
    }


async def read_contents(
    collection: Collection, doctype: str, names: Iterable[str] | None = None
) -> dict[str, StoredVersion]:
    """Return name → version of a DocType's documents that are stored, or of `names` of them."""
    columns = dict.fromkeys(("name", *StoredVersion._fields), 1)
    return {
        row["name"]: StoredVersion(
            row["content_hash"], row.get("erp_modified"), row.get("erp_creation")
        )
        async for row in collection.find(_select(doctype, names), {"_id": 0, **columns})
    }


async def count_by_doctype(collection: Collection) -> dict[str, int]:
    """Return DocType → number of stored documents."""
    pipeline = [{"$group": {"_id": "$doctype", "documents": {"$sum": 1}}}]
    cursor = await collection.aggregate(pipeline)
    return {row["_id"]: row["documents"] async for row in cursor}


def _select(doctype: str, names: Iterable[str] | None) -> dict[str, Any]:
    return {"doctype": doctype} | ({} if names is None else {"name": {"$in": list(names)}})
