"""Crosswalks in the datastore: what a record or item is known as, where feeds of DocTypes can look.

MongoDB looks up within one database only. A copy holds one row for each record at any moment, even
if a transform dies half-way: rows are replaced by their key, then what is left of before goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson import json_util
from pymongo import ASCENDING

from warehouse.datasets.scope import CROSSWALK_COLUMN, CROSSWALK_PREFIX
from warehouse.documents.business import rows_of
from warehouse.documents.datasets import DatasetBuild
from warehouse.transform.versions import digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.datasets.declaration import Dataset
    from warehouse.documents.raw import Collection

# What differs from build to build, or is of no use to who looks up.
_LEFT_OUT = ("_id", "source", "access")


async def mirror(dataset: Dataset, builds: Iterable[DatasetBuild]) -> None:
    """Copy the rows of builds that passed, each in the place of its instance's rows before."""
    copies = _copies_of(dataset.slug)
    await copies.create_index("row", unique=True)
    await copies.create_index([(CROSSWALK_COLUMN, ASCENDING), ("instance", ASCENDING)])
    into = {"db": copies.database.name, "coll": copies.name}
    for build in builds:
        stages: list[dict[str, Any]] = [
            {"$match": {"build_id": build.id}},
            {"$set": {CROSSWALK_COLUMN: f"${dataset.crosswalk}"}},
            {"$unset": list(_LEFT_OUT)},
            {"$merge": {"into": into, "on": "row", "whenMatched": "replace"}},
        ]
        cursor = await rows_of(dataset.slug).aggregate(stages)
        await cursor.to_list()
        before = {"instance": build.slot.instance, "build_id": {"$ne": build.id}}
        await copies.delete_many(before)


async def read_crosswalk(instance: str, slug: str) -> dict[str, str]:
    """Return looked-up name → digest of what is known of it."""
    found: dict[str, list[str]] = {}
    chosen = _copies_of(slug).find({"instance": instance}, {"_id": 0, "build_id": 0})
    async for row in chosen.sort("row", ASCENDING):
        content = json_util.dumps(row, sort_keys=True)
        found.setdefault(str(row[CROSSWALK_COLUMN]), []).append(content)
    return {name: digest(contents) for name, contents in found.items()}


def _copies_of(slug: str) -> Collection:
    database = DatasetBuild.get_pymongo_collection().database
    return database[CROSSWALK_PREFIX + slug]
