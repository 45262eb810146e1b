"""Control collections: what the warehouse knows of its instances, their DocTypes, its runs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from beanie import Document
from pydantic import BaseModel, Field
from pymongo import ASCENDING, DESCENDING, IndexModel

DEFAULT_TIME_ZONE = "Asia/Kolkata"


class Outcome(StrEnum):
    """How a run, or a DocType in it, ended."""

    RUNNING = "running"
    COMPLETED = "completed"
    DENIED = "denied"
    DEFERRED = "deferred"
    SUSPECT = "suspect"
    PARTIAL = "partial"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class Failure(BaseModel):
    """Why something was not done, and what to do now.

    `check`: of a dataset's build, the check that it broke, without a number: all that readers are
    told; the message is for operators.
    """

    code: str
    message: str
    cure: str = ""
    check: str = ""


class Numbers(BaseModel):
    """What was met and done.

    `silent`: those of `changed` that had no new `modified`. `deleted` and `renamed`: moved to the
    tombstones. `absent`: stored, not listed by the ERP any more, and kept as suspect. `vanished`:
    listed ones that were gone when their content was asked for.
    """

    seen: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    silent: int = 0
    deleted: int = 0
    renamed: int = 0
    absent: int = 0
    vanished: int = 0
    rejected: int = 0
    requests: int = 0
    received_bytes: int = 0
    retries: int = 0
    seconds: float = 0.0

    def add(self, other: Numbers) -> None:
        """Add the numbers of `other` to this."""
        for field in Numbers.model_fields:
            setattr(self, field, getattr(self, field) + getattr(other, field))


class DocTypeReport(Numbers):
    """What a run did with one DocType."""

    doctype: str
    outcome: Outcome = Outcome.RUNNING
    failure: Failure | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happened that anyone would want to see."""
        numbers = (self.new, self.changed, self.deleted, self.renamed, self.absent)
        worked = any((*numbers, self.vanished, self.rejected))
        return self.outcome is Outcome.COMPLETED and not worked


class Instance(Document):
    """An ERPNext instance as it was last met.

    `feeds_until`: up to where its deletions were followed, in the site's own time, and
    `renames_until`: its renames, each feed for itself.
    """

    id: str  # type: ignore[assignment]
    title: str
    time_zone: str
    versions: dict[str, str]
    erp_user: str
    seen_at: datetime
    feeds_until: str | None = None
    renames_until: str | None = None

    class Settings:
        name = "instances"


async def read_time_zone(instance: str) -> ZoneInfo:
    """Return the time zone of an instance's calendar; India's of one that was never met."""
    known = await Instance.get(instance)
    return ZoneInfo(known.time_zone if known else DEFAULT_TIME_ZONE)


class Lease(Document):
    """Who works on an instance; `token` grows with every holder and fences the earlier ones."""

    id: str  # type: ignore[assignment]
    token: int
    holder: dict[str, Any] | None = None
    purpose: str | None = None
    expires_at: datetime

    class Settings:
        name = "leases"


class CatalogEntry(Document):
    """A DocType of an instance.

    `metas`: its merged meta, followed by those of its child tables, trimmed to what describes data;
    empty until the DocType has documents. `meta_version` counts their changes. `is_listed`: whether
    it is synced still: not removed, virtual or excluded by now. `fingerprint`: the
    change times they were read at.
    """

    instance: str
    doctype: str
    module: str | None = None
    is_single: bool = False
    is_custom: bool = False
    policy: str
    is_listed: bool = True
    fingerprint: str | None = None
    metas: list[dict[str, Any]] = Field(default_factory=list)
    meta_version: int = 0
    changed_at: datetime | None = None

    class Settings:
        name = "doctype_catalog"
        indexes: ClassVar = [
            IndexModel([("instance", ASCENDING), ("doctype", ASCENDING)], unique=True)
        ]


class SyncState(Document):
    """How far the sync of one DocType of one instance is.

    `position`: the last stored page of an unfinished pass, as `{modified, name}`. `high_water`: the
    latest `modified` that a finished pass has stored. `verified_at`: the last complete inventory.
    `reread_at`: when every document was last read, changed or not; None makes it due. `queued`:
    documents that changed without a new `modified`. `frozen_at`: since when the DocType is out of
    sight (denied, excluded, gone), its documents kept as they were. Written by compare-and-set on
    `token`, the lease's.
    """

    instance: str
    doctype: str
    token: int
    outcome: Outcome
    failure: Failure | None = None
    position: dict[str, Any] | None = None
    high_water: str | None = None
    documents: int = 0
    verified_at: datetime | None = None
    reread_at: datetime | None = None
    frozen_at: datetime | None = None
    queued: list[str] = Field(default_factory=list)
    attempted_at: datetime | None = None

    class Settings:
        name = "sync_state"
        indexes: ClassVar = [
            IndexModel([("instance", ASCENDING), ("doctype", ASCENDING)], unique=True)
        ]


class Run(Document):
    """One run on one instance; `_id` is `<instance>-<lease token>`, so that runs sort in order.

    `doctypes`: those with work or an error; the others are counted as `quiet`, and as `unreached`
    when the run ended before them. `is_whole`: whether it was about every DocType, however old.
    `blind_spots`: what it could not see besides, and the cure: feeds, the key's User Permissions,
    DocTypes out of sight whose documents stand still.
    """

    id: str  # type: ignore[assignment]
    instance: str
    token: int
    kind: str
    outcome: Outcome = Outcome.RUNNING
    started_at: datetime
    finished_at: datetime | None = None
    is_whole: bool = False
    totals: Numbers = Field(default_factory=Numbers)
    doctypes: list[DocTypeReport] = Field(default_factory=list)
    quiet: int = 0
    unreached: int = 0
    blind_spots: list[Failure] = Field(default_factory=list)
    failure: Failure | None = None

    class Settings:
        name = "runs"
        indexes: ClassVar = [
            IndexModel([("instance", ASCENDING), ("started_at", DESCENDING)]),
        ]


class RejectedDocument(Document):
    """A document that could not be stored: why, and its raw JSON (zlib, None above 15 MB)."""

    instance: str
    doctype: str
    name: str
    code: str
    reason: str
    raw: bytes | None = None
    raw_bytes: int = 0
    run_id: str
    rejected_at: datetime

    class Settings:
        name = "rejected_documents"
        indexes: ClassVar = [
            IndexModel(
                [("instance", ASCENDING), ("doctype", ASCENDING), ("name", ASCENDING)], unique=True
            )
        ]


CONTROL_MODELS: tuple[type[Document], ...] = (
    Instance,
    Lease,
    CatalogEntry,
    SyncState,
    Run,
    RejectedDocument,
)
