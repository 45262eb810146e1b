"""Access snapshots: permission tables of an instance, in parts, and which version is in force.

Parts are written first and the pointer last, so a reader sees a whole version or the one before.
Parts, because a document ends at 16 MB and a large site's tables may not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from beanie import Document
from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from warehouse.documents.control import Failure

PART_BYTES = 8 * 1024 * 1024
# A reader that has the pointer is done with its parts long before.
KEPT_AFTER_USE = timedelta(hours=1)


class AccessPointer(Document):
    """Which snapshot of an instance is in force; `_id` is the instance.

    `read_at`: when the tables of `version` were last found so. `rows`: table → number of its rows.
    `emptied`: tables that had rows in it and have none by now, with the time of the first such
    reading. `failure`: what was wrong with the last attempt, if anything. `is_doubted`: the key has
    been refused a table since `read_at`, so that it may have lost fields of documents, too.
    `pending`: DocTypes whose stored documents may lack fields that the key reads by now.
    """

    id: str  # type: ignore[assignment]
    version: str = ""
    parts: int = 0
    read_at: datetime | None = None
    rows: dict[str, int] = Field(default_factory=dict)
    emptied: dict[str, datetime] = Field(default_factory=dict)
    attempted_at: datetime | None = None
    failure: Failure | None = None
    is_doubted: bool = False
    pending: list[str] = Field(default_factory=list)

    class Settings:
        name = "access_snapshots"


class AccessPart(Document):
    """A piece of a snapshot's compressed content."""

    instance: str
    version: str
    number: int
    data: bytes
    used_at: datetime

    class Settings:
        name = "access_parts"
        indexes: ClassVar = [
            IndexModel(
                [("instance", ASCENDING), ("version", ASCENDING), ("number", ASCENDING)],
                unique=True,
            )
        ]


class AccessAttestation(Document):
    """What an operator attested of an instance's apps; `_id` is the instance."""

    id: str  # type: ignore[assignment]
    apps: dict[str, str]
    hooked: list[str]
    attested_at: datetime

    class Settings:
        name = "access_attestations"


ACCESS_MODELS: tuple[type[Document], ...] = (AccessPointer, AccessPart, AccessAttestation)


async def read_content(pointer: AccessPointer) -> bytes | None:
    """Return the compressed content that a pointer names, or None if it is not there whole."""
    parts = (
        await AccessPart.get_pymongo_collection()
        .find({"instance": pointer.id, "version": pointer.version})
        .sort("number")
        .to_list()
    )
    if [part["number"] for part in parts] != list(range(pointer.parts)):
        return None
    return b"".join(part["data"] for part in parts)


async def write_content(instance: str, version: str, data: bytes, now: datetime) -> int:
    """Write the parts of a version; return how many they are."""
    pieces = [data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES)]
    for number, piece in enumerate(pieces):
        await AccessPart.get_pymongo_collection().update_one(
            {"instance": instance, "version": version, "number": number},
            {"$set": {"data": piece, "used_at": now}},
            upsert=True,
        )
    return len(pieces)


async def put_in_force(pointer: AccessPointer) -> bool:
    """Let a pointer replace the instance's, unless that was read later; return whether it did.

    A doubt goes that was known when the pointer was loaded, and none that came up since.
    """
    values = pointer.model_dump(exclude={"id", "revision_id", "is_doubted"})
    is_later = {"$gt": ["$attempted_at", pointer.read_at]}
    doubt = {"$or": [{"$literal": not pointer.is_doubted}, is_later]}
    stays = {"$and": [{"$eq": ["$is_doubted", True]}, doubt]}
    chosen = {name: {"$literal": value} for name, value in values.items()} | {"is_doubted": stays}
    earlier = {"$or": [{"read_at": None}, {"read_at": {"$lt": pointer.read_at}}]}
    try:
        answer = await AccessPointer.get_pymongo_collection().update_one(
            {"_id": pointer.id, **earlier}, [{"$set": chosen}], upsert=True
        )
    except DuplicateKeyError:  # there is one, and it was read later
        return False
    return bool(answer.modified_count or answer.upserted_id)


async def record_failure(pointer: AccessPointer) -> None:
    """Remember what was wrong with an attempt; the version in force stays.

    So does a doubt: an attempt that began earlier knows nothing of one that another has found.
    """
    values = pointer.model_dump(include={"attempted_at", "emptied", "failure"})
    if pointer.is_doubted:
        values["is_doubted"] = True
    await AccessPointer.get_pymongo_collection().update_one(
        {"_id": pointer.id}, {"$set": values}, upsert=True
    )


async def drop_unused(pointer: AccessPointer, before: str, now: datetime) -> None:
    """Delete the parts of versions that went out of use an hour ago; `before` does only now."""
    parts = AccessPart.get_pymongo_collection()
    await parts.update_many(
        {"instance": pointer.id, "version": {"$in": [pointer.version, before]}},
        {"$set": {"used_at": now}},
    )
    await parts.delete_many({"instance": pointer.id, "used_at": {"$lt": now - KEPT_AFTER_USE}})
