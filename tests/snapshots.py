"""Put an access snapshot of a test's own making in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from warehouse.access.content import pack
from warehouse.documents.access import AccessPointer, put_in_force, write_content

if TYPE_CHECKING:
    from warehouse.access.snapshot import Snapshot


async def put_snapshot(snapshot: Snapshot, read_at: datetime | None = None) -> Snapshot:
    """Store a snapshot as if its tables had been read now; return it with its version."""
    now = datetime.now(UTC)
    version, data = pack(snapshot)
    parts = await write_content(snapshot.instance, version, data, now)
    pointer = AccessPointer(
        id=snapshot.instance, version=version, parts=parts, read_at=read_at or now
    )
    assert await put_in_force(pointer)
    return replace(snapshot, version=version)
