"""In which version a source is, told from an index alone, month by month.

A month's version is how many documents are in it and when they were stored. A document that is
new, changed, moved to another month, gone or forgotten changes one of the two in each month that it
is or was in: no journal has to be kept, and none can be lost. An entry of the index costs about a
microsecond, a document of which is read only when its month is built.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from warehouse.datasets.scope import DATA, MONTH
from warehouse.documents.raw import SORTED_BY, date_index, raw_model

if TYPE_CHECKING:
    from collections.abc import Iterable

NOTHING = "0"
# A long holds the sum of so many of them that there is no more room in memory.
_MOST_MS = 2**40


@dataclass(frozen=True, slots=True)
class SourceVersions:
    """The versions of one DocType of one instance, by month; None: without a valid date."""

    months: dict[str | None, str]

    @property
    def whole(self) -> str:
        """The version of all its documents."""
        return digest(f"{month}={version}" for month, version in self.months.items())


async def read_source_versions(
    instance: str, doctype: str, date: str | None = None
) -> SourceVersions:
    """Return the versions of a DocType's documents by the month of the field `date`."""
    field = date or SORTED_BY[0]
    month = {"$substrCP": [{"$ifNull": [f"${DATA}.{field}", ""]}, 0, len("2026-04")]}
    stored_ms = {"$toLong": {"$ifNull": ["$synced_at", 0]}}
    pipeline: list[dict[str, Any]] = [
        {"$match": {"doctype": doctype}},
        {
            "$group": {
                "_id": month,
                "documents": {"$sum": 1},
                "last": {"$max": "$synced_at"},
                "sum": {"$sum": {"$mod": [stored_ms, _MOST_MS]}},
            }
        },
        {"$sort": {"_id": 1}},
    ]
    collection = raw_model(instance).get_pymongo_collection()
    cursor = await collection.aggregate(pipeline, hint=dict(date_index(field)))
    found: dict[str | None, list[str]] = {}
    async for row in cursor:
        label = row["_id"] if re.match(MONTH, row["_id"]) else None
        version = f"{row['documents']}-{row['last']}-{row['sum']}"
        found.setdefault(label, []).append(version if label else f"{row['_id']}={version}")
    return SourceVersions({label: digest(parts) for label, parts in found.items()})


def digest(parts: Iterable[str]) -> str:
    """Return a short digest of texts, in their order."""
    found = blake2b(digest_size=12)
    for part in parts:
        found.update(f"{len(part)}:{part}".encode())
    return found.hexdigest()
