"""What is known of each dataset's builds, and the pointer that says which of them are live.

The rows lie in the business database, a collection for each dataset; these two lie in the
datastore, where the lease is that fences their writers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from beanie import Document
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

from warehouse.documents.control import Failure

KEPT = timedelta(days=30)


class BuildState(StrEnum):
    """Where a build is: FAILED and SUPERSEDED ones have no rows that are read."""

    BUILDING = "building"
    LIVE = "live"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class Slot(BaseModel, frozen=True):
    """A partition: of an instance, and of a month or a day where the dataset has them."""

    instance: str
    month: str | None = None
    as_of: str | None = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.instance, self.month, self.as_of) if part)


class Input(BaseModel, frozen=True):
    """What a partition was built from: a source, or the rule itself, in a version.

    `digest`: of a source that is only looked up, the content of the documents that rows name.
    """

    name: str
    version: str
    digest: str | None = None


class CheckResult(BaseModel, frozen=True):
    """How a check came out: `violations` among `rows`."""

    code: str
    title: str
    violations: int
    rows: int
    passed: bool
    blocks: bool


class Difference(BaseModel, frozen=True):
    """A group of a tie-out whose two totals differ; exact decimals as text."""

    group: str
    ours: str
    theirs: str


class TieOutResult(BaseModel, frozen=True):
    """How a tie-out came out: of `groups`, `differing` ones, the first hundred of them named."""

    code: str
    title: str
    groups: int
    differing: int
    differences: list[Difference] = Field(default_factory=list)


class Gap(BaseModel, frozen=True):
    """A source that is not whole, and why: it failed, was denied, deferred, never synced."""

    instance: str
    doctype: str
    reason: str


class DatasetBuild(Document):
    """One build of one partition. `token`: the lease's. `names`: looked-up source → names in rows.

    `rejected`: reason → rows, `cleaned`: code of a cleaning rule → rows that it was applied to.

    `names` holds None for a source of which rows name too many; it then counts as a whole.
    """

    id: str  # type: ignore[assignment]
    dataset: str
    slot: Slot
    token: int
    state: BuildState = BuildState.BUILDING
    started_at: datetime
    finished_at: datetime | None = None
    superseded_at: datetime | None = None
    expires_at: datetime | None = None
    inputs: list[Input] = Field(default_factory=list)
    names: dict[str, list[str] | None] = Field(default_factory=dict)
    rows: int = 0
    rejected: dict[str, int] = Field(default_factory=dict)
    cleaned: dict[str, int] = Field(default_factory=dict)
    checks: list[CheckResult] = Field(default_factory=list)
    tie_outs: list[TieOutResult] = Field(default_factory=list)
    failure: Failure | None = None

    class Settings:
        name = "dataset_builds"
        indexes: ClassVar = [
            IndexModel([("dataset", ASCENDING), ("state", ASCENDING), ("started_at", DESCENDING)]),
            IndexModel("expires_at", expireAfterSeconds=0),
        ]


class LivePartition(BaseModel):
    """A partition that is read, and from which build.

    `as_of`: the last complete inventory of the source that was verified longest ago; None if one
    never was. `gaps`: sources that are not whole. `links`: which link fields its rows carry, a key
    of the pointer's `links`. `failure`: why a later build of it did not take its place.
    `looked_at`: when the last transform began that made it, or found it to be up to date.
    """

    slot: Slot
    build_id: str
    built_at: datetime
    rows: int
    rejected: int = 0
    as_of: datetime | None = None
    gaps: list[Gap] = Field(default_factory=list)
    links: str = ""
    warnings: list[str] = Field(default_factory=list)
    failure: Failure | None = None
    looked_at: datetime | None = None


class DatasetPointer(Document):
    """Which builds of a dataset are live: read once by each request, replaced as a whole.

    `version` counts the replacements. `links`: digest → the link fields that rows carry, by source
    DocType. `failed`: partitions that never had a build that passed.
    """

    id: str  # type: ignore[assignment]
    token: int = 0
    version: int = 0
    transformed_at: datetime | None = None
    live: list[LivePartition] = Field(default_factory=list)
    links: dict[str, dict[str, list[str]]] = Field(default_factory=dict)
    failed: dict[str, Failure] = Field(default_factory=dict)

    class Settings:
        name = "dataset_pointers"


async def read_pointer(slug: str) -> DatasetPointer:
    """Return a dataset's pointer; an empty one if it was never built."""
    return await DatasetPointer.get(slug) or DatasetPointer(id=slug)


async def replace_pointer(pointer: DatasetPointer) -> bool:
    """Put a pointer in the place of the one before; say whether no later holder had done so."""
    fields: dict[str, Any] = pointer.model_dump(exclude={"id", "revision_id"})
    collection = DatasetPointer.get_pymongo_collection()
    replaced = await collection.replace_one(
        {"_id": pointer.id, "token": {"$lte": pointer.token}}, fields
    )
    return bool(replaced.matched_count)


async def fence_pointer(slug: str, token: int) -> DatasetPointer:
    """Return a dataset's pointer, which from now on no earlier holder of the lease replaces."""
    collection = DatasetPointer.get_pymongo_collection()
    await collection.update_one({"_id": slug}, {"$max": {"token": token}}, upsert=True)
    return await read_pointer(slug)


async def read_last_token() -> int:
    """Return the greatest token that any pointer was fenced or replaced with; zero without any."""
    pointers = DatasetPointer.get_pymongo_collection()
    last = await pointers.find_one({}, {"token": 1}, sort=[("token", -1)])
    return int(last["token"]) if last else 0


async def write_build(build: DatasetBuild) -> None:
    """Store a build's record in the place of the one that was there."""
    fields = build.model_dump(exclude={"id", "revision_id"})
    await DatasetBuild.get_pymongo_collection().replace_one({"_id": build.id}, fields, upsert=True)


async def mark_builds(build_ids: list[str], state: BuildState, now: datetime) -> None:
    """Give builds another state; of one that is over, the record goes when nobody asks any more.

    The names that its rows held go at once: they may be of people.
    """
    change: dict[str, Any] = {"state": state}
    if state is not BuildState.LIVE:
        change |= {"superseded_at": now, "names": {}, "expires_at": now + KEPT}
    await DatasetBuild.get_pymongo_collection().update_many(
        {"_id": {"$in": build_ids}}, {"$set": change}
    )


async def read_builds(build_ids: list[str]) -> dict[str, DatasetBuild]:
    """Return id → build of those that are asked for."""
    found = DatasetBuild.find({"_id": {"$in": build_ids}})
    return {build.id: build async for build in found}


DATASET_MODELS: tuple[type[Document], ...] = (DatasetBuild, DatasetPointer)
