"""`erp_<instance>_deleted`: the last state of each document that left its ERP.

Keyed by lifetime and not by name: ERPNext gives a deleted name to the next document, and renames go
there and back. Served by no route; expires after CSA_TOMBSTONE_DAYS.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from beanie import Document
from pymongo import ASCENDING, DeleteOne, IndexModel, UpdateMany, UpdateOne

from warehouse.documents.raw import COLLECTION_PREFIX, RawFields, raw_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from warehouse.documents.raw import Collection

COLLECTION_SUFFIX = "_deleted"
_SETTLED = {"$unset": {"is_pending": ""}}

Lifetime = tuple[str, str | None]
"""A document's name and `creation`, which no later bearer of the name shares."""


class Reason(StrEnum):
    """Why a document left: its ERP said so, or (vanished) left no trace."""

    DELETED = "deleted"
    RENAMED = "renamed"
    VANISHED = "vanished"


class TombstoneFields(RawFields):
    """The document as it was last stored, and how it ended.

    `renamed_to` goes with the reason `renamed`. `restored_at`: when the same lifetime came back.
    `is_pending`: the live copy may still be there; of a restored one, it may not be there yet.
    """

    deleted_at: datetime
    reason: Reason
    renamed_to: str | None = None
    restored_at: datetime | None = None
    is_pending: bool = False
    expires_at: datetime


@cache
def tombstone_model(instance: str) -> type[Document]:
    """Return the Beanie model of an instance's tombstones, made as `raw_model` is."""
    model = type(f"Tombstone_{instance}", (TombstoneFields, Document), {"__module__": __name__})

    class Settings:
        name = COLLECTION_PREFIX + instance + COLLECTION_SUFFIX
        indexes = (
            IndexModel(
                [
                    ("doctype", ASCENDING),
                    ("name", ASCENDING),
                    ("erp_creation", ASCENDING),
                    ("deleted_at", ASCENDING),
                ],
                unique=True,
            ),
            IndexModel("expires_at", expireAfterSeconds=0),
            IndexModel("is_pending", partialFilterExpression={"is_pending": True}),
        )

    model.Settings = Settings  # type: ignore[attr-defined]
    return model


def tombstones(instance: str) -> Collection:
    """Return the pymongo collection of an instance's tombstones."""
    return tombstone_model(instance).get_pymongo_collection()


async def bury(instance: str, rows: Sequence[dict[str, Any]], run_id: str) -> None:
    """Move documents from the store to the tombstones: tombstone first, live copy second.

    `rows`: the live rows with the fields of a tombstone added. A run that was killed in between, or
    slept while another buried them, meets the tombstone again and makes no second one. A live copy
    that a later run has written meanwhile stays; `settle_burials` takes its tombstone away.
    """
    if not rows:
        return
    graves = [
        UpdateOne(
            _open_tombstone(row["doctype"], (row["name"], row.get("erp_creation"))),
            {"$setOnInsert": {k: v for k, v in row.items() if k != "_id"} | {"is_pending": True}},
            upsert=True,
        )
        for row in rows
    ]
    await tombstones(instance).bulk_write(graves, ordered=False)
    removals = [
        DeleteOne(
            {
                "_id": row["_id"],
                "content_hash": row["content_hash"],
                "run_id": {"$not": {"$gt": run_id}},
            }
        )
        for row in rows
    ]
    live = raw_model(instance).get_pymongo_collection()
    removed = await live.bulk_write(removals, ordered=False)
    if removed.deleted_count == len(rows):
        buried = [
            UpdateMany(
                _open_tombstone(row["doctype"], (row["name"], row.get("erp_creation"))), _SETTLED
            )
            for row in rows
        ]
        await tombstones(instance).bulk_write(buried, ordered=False)


async def settle_burials(instance: str, run_id: str) -> None:
    """Undo what an earlier run has begun to bury or to restore, for this one to decide.

    A live copy that was to be buried becomes this run's first, so that the earlier one, if it was
    only asleep, does not remove it from under a tombstone that is no more. A tombstone whose
    document was to be stored again, and was not, is open again.
    """
    live, graves = raw_model(instance).get_pymongo_collection(), tombstones(instance)
    async for grave in graves.find({"is_pending": True}):
        lifetime = {key: grave.get(key) for key in ("doctype", "name", "erp_creation")}
        kept = await live.update_one(lifetime, {"$set": {"run_id": run_id}})
        which = {"_id": grave["_id"]}
        if grave["restored_at"] and not kept.matched_count:
            await graves.update_one(which, {**_SETTLED, "$set": {"restored_at": None}})
        elif kept.matched_count and not grave["restored_at"]:
            await graves.delete_one(which)
        else:
            await graves.update_one(which, _SETTLED)


async def mark_restored(
    instance: str, doctype: str, lifetimes: Iterable[Lifetime], at: datetime
) -> bool:
    """Note on the tombstones of `lifetimes` that they are about to be stored again.

    Returns whether any has one; `settle_restored` says that they are stored.
    """
    marks = [
        UpdateMany(
            _open_tombstone(doctype, lifetime), {"$set": {"restored_at": at, "is_pending": True}}
        )
        for lifetime in lifetimes
    ]
    if not marks:
        return False
    marked = await tombstones(instance).bulk_write(marks, ordered=False)
    return marked.matched_count > 0


async def settle_restored(instance: str, doctype: str, names: Sequence[str], at: datetime) -> None:
    """Note that the documents called `names`, whose tombstones were marked `at`, are stored."""
    which = {"doctype": doctype, "name": {"$in": names}, "restored_at": at, "is_pending": True}
    await tombstones(instance).update_many(which, _SETTLED)


async def has_tombstones(instance: str, doctype: str) -> bool:
    """Say whether any document of a DocType ever left."""
    return await tombstones(instance).find_one({"doctype": doctype}, {"_id": 1}) is not None


def _open_tombstone(doctype: str, lifetime: Lifetime) -> dict[str, Any]:
    """Return what selects the tombstone of a lifetime that is not stored again."""
    name, creation = lifetime
    return {"doctype": doctype, "name": name, "erp_creation": creation, "restored_at": None}
