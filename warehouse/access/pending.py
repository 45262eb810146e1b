"""Fields that the key gained: what was stored before lacks them, and would pass for unlinked.

So they stay as unread until every document has been read again by a reading that began after the
key was seen to have them. What the key might have lost while nobody could tell is treated alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.access.hidden import every_field, risky_fields
from warehouse.access.reader import unread_fields
from warehouse.access.snapshot import Pending
from warehouse.erpnext.meta import TABLE_FIELDTYPES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from warehouse.access.snapshot import Meta, Snapshot


def find_pending(
    snapshot: Snapshot,
    before: Snapshot | None,
    stored: Mapping[str, datetime | None],
    now: datetime,
) -> dict[str, Pending]:
    """Return DocType → what the key reads by now and stored documents may lack.

    `before`: the snapshot that was in force, if any. `stored`: the DocTypes that have documents,
    and when the last whole reading of each began. `now`: when the key was seen to read what
    `snapshot` says.
    """
    found: dict[str, Pending] = {}
    for doctype, read_at in stored.items():
        metas = _metas_of(snapshot, doctype)
        if metas is None:
            continue  # nothing of it is shown
        earlier = before.pending.get(doctype) if before else None
        unread = unread_fields(snapshot, metas)
        gained = _unread_before(before, doctype, metas) - unread
        known = (earlier.fields if earlier else frozenset()) & every_field(metas)
        since = now if gained or earlier is None else earlier.since
        fields = gained | known
        if fields and (read_at is None or read_at < since):
            found[doctype] = Pending(fields, since)
    return found


def pending_fields(snapshot: Snapshot, metas: tuple[Meta, ...]) -> frozenset[str]:
    """Return `field` and `table.field` of what stored documents may lack, though the key reads it.

    `metas`: a DocType's, then its child tables'.
    """
    pending = snapshot.pending.get(metas[0]["name"])
    doubted = risky_fields(metas) if snapshot.is_doubted else frozenset()
    return doubted | (pending.fields if pending else frozenset())


def _unread_before(
    before: Snapshot | None, doctype: str, metas: tuple[Meta, ...]
) -> frozenset[str]:
    """Return what could not be read, or may have been lost and regained; `metas`: today's."""
    if before is None:
        return every_field(metas)
    earlier = _metas_of(before, doctype)
    unread = unread_fields(before, metas if earlier is None else earlier) & every_field(metas)
    return unread | (risky_fields(metas) if before.is_doubted else frozenset())


def _metas_of(snapshot: Snapshot, doctype: str) -> tuple[Meta, ...] | None:
    """Return the metas of a DocType and of its child tables; None if one is not known."""
    meta = snapshot.metas.get(doctype)
    if meta is None:
        return None
    tables = [field for field in meta["fields"] if field["fieldtype"] in TABLE_FIELDTYPES]
    names = dict.fromkeys(field.get("options") for field in tables)
    if not names.keys() <= snapshot.metas.keys():
        return None
    return meta, *(snapshot.metas[name] for name in names)
