"""The snapshot in force is what reads go by: while it is fresh, and until another one is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.warehouse.access.worlds import EMPLOYEE, INVOICE, make_selling_world, read_rule
from warehouse.access import snapshots as module
from warehouse.access.content import pack
from warehouse.access.snapshots import REMEMBERED_S, Snapshots
from warehouse.access.verdict import Access, Denial
from warehouse.documents.access import AccessPart, AccessPointer, put_in_force, write_content
from warehouse.errors import AccessSnapshotStale

if TYPE_CHECKING:
    from warehouse.access.snapshot import Snapshot

pytestmark = pytest.mark.usefixtures("database")

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Clocks:
    """A clock for ages and one for what is remembered."""

    def __init__(self) -> None:
        self.now = NOON
        self.now_s = 0.0

    def snapshots(self) -> Snapshots:
        return Snapshots(timedelta(hours=48), clock=lambda: self.now, now_s=lambda: self.now_s)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def make_snapshot() -> Snapshot:
    return make_selling_world().grant(INVOICE, read_rule()).snapshot()


async def put(snapshot: Snapshot, read_at: datetime = NOON) -> AccessPointer:
    version, data = pack(snapshot)
    parts = await write_content("site", version, data, read_at)
    pointer = AccessPointer(id="site", version=version, parts=parts, read_at=read_at)
    await put_in_force(pointer)
    return pointer


async def test_50_without_a_snapshot_nothing_can_be_read(clocks: Clocks) -> None:
    with pytest.raises(AccessSnapshotStale) as raised:
        await clocks.snapshots().get("site")
    assert raised.value.code == "access_snapshot_stale"
    assert "csa access refresh site" in str(raised.value)


async def test_50_a_snapshot_is_in_force_until_it_is_too_old(clocks: Clocks) -> None:
    await put(make_snapshot())
    snapshots = clocks.snapshots()
    clocks.now = NOON + timedelta(hours=48)
    assert isinstance(await snapshots.compile("site", EMPLOYEE, INVOICE), Access)
    clocks.now += timedelta(seconds=1)
    with pytest.raises(AccessSnapshotStale):
        await snapshots.compile("site", EMPLOYEE, INVOICE)


async def test_a_snapshot_that_is_read_again_counts_as_fresh(clocks: Clocks) -> None:
    await put(make_snapshot())
    snapshots = clocks.snapshots()
    await snapshots.get("site")
    await put(make_snapshot(), NOON + timedelta(hours=40))
    clocks.now, clocks.now_s = NOON + timedelta(hours=60), REMEMBERED_S
    assert await snapshots.get("site")


async def test_a_new_snapshot_is_in_force_within_two_seconds(clocks: Clocks) -> None:
    snapshot = make_snapshot()
    await put(snapshot)
    snapshots = clocks.snapshots()
    assert isinstance(await snapshots.compile("site", EMPLOYEE, INVOICE), Access)
    await put(replace(snapshot, users={}), NOON + timedelta(minutes=1))
    clocks.now_s = REMEMBERED_S
    assert isinstance(await snapshots.compile("site", EMPLOYEE, INVOICE), Denial)


async def test_what_is_compiled_is_kept_with_its_snapshot(
    clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_COMPILED", 2)
    await put(make_snapshot())
    snapshots = clocks.snapshots()
    first = await snapshots.compile("site", EMPLOYEE, INVOICE)
    assert await snapshots.compile("site", EMPLOYEE, INVOICE) is first
    for doctype in ("Company", "Customer"):
        await snapshots.compile("site", EMPLOYEE, doctype)
    assert await snapshots.compile("site", EMPLOYEE, INVOICE) is not first


async def test_a_snapshot_whose_parts_are_not_there_is_none(clocks: Clocks) -> None:
    await put(make_snapshot())
    await AccessPart.find_all().delete()
    with pytest.raises(AccessSnapshotStale):
        await clocks.snapshots().get("site")


async def test_instances_are_kept_apart(clocks: Clocks) -> None:
    await put(make_snapshot())
    snapshots = clocks.snapshots()
    assert await snapshots.get("site")
    with pytest.raises(AccessSnapshotStale):
        await snapshots.get("other")
