"""Take over a collection that the earlier scripts wrote: `_id`, `doctype`, `document_data` alone.

Before the unique index is made, the missing fields are filled from `document_data`, inside MongoDB
and in batches. Of duplicates the newest stays; the others are kept aside as `superseded`. What
the policy stores no more is deleted, since it may hold secrets. Every row that stays is marked for
re-reading: its `content_hash` and `erp_modified` equal nothing that an ERP could answer.
"""

from __future__ import annotations

import logging
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from warehouse.documents.control import RejectedDocument
from warehouse.documents.rejected import keep_rejected
from warehouse.erpnext.policy import policy_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.database import AsyncDatabase

    from warehouse.documents.raw import Collection

logger = logging.getLogger(__name__)

BATCH_ROWS = 1000
RUN_ID = ""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNTAKEN: dict[str, Any] = {"content_hash": {"$exists": False}}
# By expressions: the query operator $type looks into arrays.
_NAME, _DOCTYPE = "$document_data.name", "$doctype"
_IS_TEXT = {"$and": [{"$eq": [{"$type": _DOCTYPE}, "string"]}, {"$ne": [_DOCTYPE, ""]}]}
_IS_NAME = {
    "$and": [{"$in": [{"$type": _NAME}, ["string", "int", "long"]]}, {"$ne": [_NAME, ""]}],
}


async def take_over(database: AsyncDatabase[dict[str, Any]], instance: str) -> int:
    """Take over what the earlier scripts wrote of an instance; return how many rows that were."""
    collection: Collection = database[f"erp_{instance}"]
    if await collection.find_one(_UNTAKEN, {"_id": 1}) is None:
        return 0
    # In this order a takeover that was killed goes on where it stopped: a row is filled last.
    await _purge(collection)
    await _reject_unusable(collection, instance)
    await _supersede(collection, instance)
    taken = 0
    async for batch in _batches(collection):
        await collection.update_many({"_id": {"$in": batch}}, _FILL)
        taken += len(batch)
    logger.info("%s: took over %d documents of an earlier collection", instance, taken)
    return taken


async def _purge(collection: Collection) -> None:
    """Delete the DocTypes that are not stored: users, tokens, logs, settings with keys."""
    doctypes = [name for name in await collection.distinct("doctype", _UNTAKEN) if name]
    unstored = [name for name in doctypes if not policy_of(name, is_custom=False).is_stored]
    await collection.delete_many({"doctype": {"$in": unstored}, **_UNTAKEN})


async def _batches(collection: Collection) -> AsyncIterator[list[Any]]:
    while True:
        rows = await collection.find(_UNTAKEN, {"_id": 1}).limit(BATCH_ROWS).to_list()
        if not rows:
            return
        yield [row["_id"] for row in rows]


async def _reject_unusable(collection: Collection, instance: str) -> None:
    """Keep rows without a DocType or a name aside: nothing could ever find them again."""
    unusable = {**_UNTAKEN, "$expr": {"$not": [{"$and": [_IS_TEXT, _IS_NAME]}]}}
    async for row in collection.find(unusable):
        await _keep_aside(instance, row, "unusable", "It has no DocType or no name.")
        await collection.delete_one({"_id": row["_id"]})


async def _supersede(collection: Collection, instance: str) -> None:
    version = {"d": "$doctype", "n": "$document_data.name", "m": "$document_data.modified"}
    pipeline: list[dict[str, Any]] = [
        {"$match": _UNTAKEN},
        {"$project": version},
        {"$sort": {"m": -1, "_id": -1}},
        {"$group": {"_id": {"d": "$d", "n": {"$toString": "$n"}}, "rows": {"$push": "$_id"}}},
        {"$match": {"rows.1": {"$exists": True}}},
    ]
    async for group in await collection.aggregate(pipeline, allowDiskUse=True):
        for older in group["rows"][1:]:
            row = await collection.find_one({"_id": older})
            if row:
                reason = "A newer copy of the same document was in the collection."
                await _keep_aside(instance, row, "superseded", reason)
                await collection.delete_one({"_id": older})


async def _keep_aside(instance: str, row: dict[str, Any], code: str, reason: str) -> None:
    data = row.get("document_data")
    raw = msgspec.json.encode(data, enc_hook=str)
    name = data.get("name", "") if isinstance(data, dict) else ""
    await keep_rejected(
        RejectedDocument(
            instance=instance,
            doctype=str(row.get("doctype") or ""),
            # The row's id too, since one document may have several older copies.
            name=f"{name} ({row['_id']})",
            code=code,
            reason=reason,
            raw=zlib.compress(raw),
            raw_bytes=len(raw),
            run_id=RUN_ID,
            rejected_at=datetime.now(UTC),
        )
    )


_FILL: list[dict[str, Any]] = [
    {
        "$set": {
            "name": {"$convert": {"input": "$document_data.name", "to": "string", "onError": None}},
            "erp_modified": None,
            "erp_creation": "$document_data.creation",
            "owner_lc": {"$toLower": "$document_data.owner"},
            "content_hash": "",
            "synced_at": _EPOCH,
            "run_id": RUN_ID,
        }
    }
]
