"""`drift_events`: what changed in the shape of an instance: DocTypes, fields, child tables."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from beanie import Document
from pymongo import ASCENDING, DESCENDING, IndexModel


class Drift(StrEnum):
    """What kind of change it was."""

    DOCTYPE_ADDED = "doctype_added"
    DOCTYPE_REMOVED = "doctype_removed"
    DOCTYPE_KIND_CHANGED = "doctype_kind_changed"
    FIELD_ADDED = "field_added"
    FIELD_REMOVED = "field_removed"
    FIELD_CHANGED = "field_changed"
    CHILD_TABLE_ADDED = "child_table_added"
    CHILD_TABLE_REMOVED = "child_table_removed"
    TIME_ZONE_CHANGED = "time_zone_changed"
    VERSION_CHANGED = "version_changed"


class DriftEvent(Document):
    """One change. `field`: of the DocType, or `child_table.field`; `before` and `after` in words.

    `meta_version`: that of the catalog entry from this change on.
    """

    instance: str
    doctype: str | None = None
    drift: Drift
    field: str | None = None
    before: str | None = None
    after: str | None = None
    meta_version: int = 0
    run_id: str
    at: datetime

    class Settings:
        name = "drift_events"
        indexes: ClassVar = [IndexModel([("instance", ASCENDING), ("at", DESCENDING)])]


async def record_drift(events: list[DriftEvent]) -> None:
    """Store drift events."""
    if events:
        await DriftEvent.insert_many(events)


async def read_drift(instance: str, limit: int) -> list[DriftEvent]:
    """Return the latest drift events of an instance, newest first."""
    return (
        await DriftEvent.find(DriftEvent.instance == instance)
        .sort("-at", "doctype", "field")
        .limit(limit)
        .to_list()
    )
