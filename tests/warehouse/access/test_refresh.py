"""Permission tables are read whole from a site and put in force, or the last ones stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from warehouse.access.refresh import HELD_BACK, Outside, refresh_access
from warehouse.access.snapshots import Snapshots
from warehouse.access.verdict import Access, Denial, RoleBranch
from warehouse.documents import access as stored
from warehouse.documents.access import AccessAttestation, AccessPart, AccessPointer
from warehouse.erpnext.client import ErpClient
from warehouse.erpnext.query import ListQuery
from warehouse.errors import AccessSnapshotInvalid, ErpError, WarehouseError

if TYPE_CHECKING:
    from tests.ingesting import Ingester
    from warehouse.access.refresh import Refreshed

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
FIELD, SALES = "field@ragijonna.example", "sales@ragijonna.example"


async def no_sleep(_seconds: float) -> None:
    """Wait for nothing."""


async def refresh(
    ingester: Ingester, at: datetime = NOON, *, accepts_empty: bool = False
) -> Refreshed:
    outside = Outside(sleep=no_sleep, clock=lambda: at)
    return await refresh_access(ingester.erp, outside, accepts_empty=accepts_empty)


async def pointer() -> AccessPointer:
    found = await AccessPointer.get("site")
    assert found
    return found


def snapshots(now: datetime = NOON) -> Snapshots:
    return Snapshots(timedelta(hours=48), clock=lambda: now)


async def test_what_was_read_is_in_force(ingester: Ingester) -> None:
    refreshed = await refresh(ingester)
    assert refreshed.is_changed
    assert not refreshed.lacking
    assert refreshed.snapshot.reader == "integration@csa.example"
    assert (await pointer()).read_at == NOON
    field = await snapshots().compile("site", FIELD, "Customer")
    assert isinstance(field, Access)
    (branch,) = field.branches
    assert isinstance(branch, RoleBranch)
    assert [(link.field, link.values) for link in branch.links] == [("territory", ("Telangana",))]
    sales = await snapshots().compile("site", SALES, "Sales Invoice")
    assert isinstance(sales, Denial)
    user = (await snapshots().get("site")).user(FIELD)
    assert user
    assert (user.is_enabled, user.user_type) == (True, "System User")
    assert user.creation


async def test_tables_that_did_not_change_keep_their_version(ingester: Ingester) -> None:
    first = await refresh(ingester)
    ingester.site.control.stats(reset=True)
    later = NOON + timedelta(minutes=30)
    again = await refresh(ingester, later)
    assert not again.is_changed
    assert (await pointer()).read_at == later
    assert first.snapshot == again.snapshot
    kinds = {row["kind"] for row in ingester.site.control.stats()["requests"]}
    assert "meta" not in kinds


async def test_only_metas_that_changed_are_read_again(ingester: Ingester) -> None:
    await refresh(ingester)
    setter = {"name": "Item-brand-permlevel", "doctype_or_field": "DocField", "doc_type": "Item"}
    setter |= {"field_name": "brand", "property": "permlevel", "value": "1"}
    ingester.insert("Property Setter", setter)
    ingester.site.control.stats(reset=True)
    assert (await refresh(ingester, NOON + timedelta(minutes=30))).is_changed
    rows = ingester.site.control.stats()["requests"]
    assert [row["doctype"] for row in rows if row["kind"] == "meta"] == ["Item"]


@pytest.mark.parametrize("doctype", ["User Permission", "DocPerm", "Server Script", "DocShare"])
async def test_a_refused_table_leaves_the_last_snapshot_in_force(
    ingester: Ingester, doctype: str
) -> None:
    before = await refresh(ingester)
    ingester.site.control.do("refuse", doctype=doctype)
    with pytest.raises(AccessSnapshotInvalid, match=f"refuses the list of {doctype}"):
        await refresh(ingester, NOON + timedelta(hours=1))
    kept = await pointer()
    assert kept.read_at == NOON
    assert kept.attempted_at == NOON + timedelta(hours=1)
    assert kept.failure
    assert kept.failure.code == "key_rights_unknown"
    assert kept.is_doubted
    assert (await snapshots().get("site")).users == before.snapshot.users


async def test_a_site_that_is_down_leaves_the_last_snapshot_in_force(ingester: Ingester) -> None:
    await refresh(ingester)
    ingester.site.control.fault("maintenance", times=None)
    with pytest.raises(ErpError):
        await refresh(ingester, NOON + timedelta(hours=1))
    assert (await pointer()).read_at == NOON


async def test_a_list_that_was_cut_is_not_used(ingester: Ingester) -> None:
    match = {"kind": "list", "doctype": "Custom DocPerm"}
    ingester.site.control.fault("truncate", match=match, rows=2)
    with pytest.raises(AccessSnapshotInvalid, match="counts 5 Custom DocPerm and lists 2"):
        await refresh(ingester)
    assert (await pointer()).read_at is None


async def test_a_table_that_is_never_empty_is_not_believed_to_be(ingester: Ingester) -> None:
    ingester.site.control.fault("empty", match={"kind": "list", "doctype": "Has Role"})
    with pytest.raises(AccessSnapshotInvalid, match="lists no Has Role at all"):
        await refresh(ingester)


async def test_a_table_that_goes_empty_is_held_back_until_it_is_told_twice(
    ingester: Ingester,
) -> None:
    await refresh(ingester)
    await empty_user_permissions(ingester)
    for minutes in (30, 35):
        with pytest.raises(AccessSnapshotInvalid, match="User Permission of site had rows"):
            await refresh(ingester, NOON + timedelta(minutes=minutes))
    kept = await pointer()
    assert kept.emptied == {"User Permission": NOON + timedelta(minutes=30)}
    assert (await snapshots().get("site")).user_permissions
    await refresh(ingester, NOON + timedelta(minutes=30) + HELD_BACK)
    assert not (await snapshots().get("site")).user_permissions
    assert not (await pointer()).emptied


async def test_rows_that_came_back_start_the_wait_anew(ingester: Ingester) -> None:
    await refresh(ingester)
    row = await empty_user_permissions(ingester)
    with pytest.raises(AccessSnapshotInvalid):
        await refresh(ingester, NOON + timedelta(minutes=30))
    ingester.insert("User Permission", row)
    await refresh(ingester, NOON + timedelta(minutes=60))
    await empty_user_permissions(ingester)
    with pytest.raises(AccessSnapshotInvalid):
        await refresh(ingester, NOON + timedelta(minutes=90))


async def test_an_operator_accepts_a_table_that_went_empty(ingester: Ingester) -> None:
    await refresh(ingester)
    await empty_user_permissions(ingester)
    await refresh(ingester, NOON + timedelta(minutes=1), accepts_empty=True)
    assert not (await snapshots().get("site")).user_permissions


async def test_a_key_that_user_permissions_narrow_is_not_trusted(ingester: Ingester) -> None:
    user = "integration@csa.example"
    row = {"name": "up-1", "user": user, "allow": "Company", "for_value": "Elsewhere"}
    ingester.insert("User Permission", row)
    with pytest.raises(AccessSnapshotInvalid, match=f"from {user}"):
        await refresh(ingester)


async def test_a_key_that_may_see_its_own_rows_only_is_not_trusted(ingester: Ingester) -> None:
    rule = {"name": "cp-1", "parent": "User Permission", "role": "System Manager", "permlevel": 0}
    ingester.insert("Custom DocPerm", rule | {"read": 1, "if_owner": 1})
    with pytest.raises(AccessSnapshotInvalid, match="every row of User Permission"):
        await refresh(ingester)


async def test_a_reading_that_began_earlier_does_not_replace_a_later_one(
    ingester: Ingester,
) -> None:
    await refresh(ingester, NOON)
    ingester.edit("User", SALES, enabled=0)
    await refresh(ingester, NOON - timedelta(minutes=1))
    user = (await snapshots().get("site")).user(SALES)
    assert user
    assert user.is_enabled


async def test_a_user_that_was_disabled_or_made_anew_shows_in_the_next_snapshot(
    ingester: Ingester,
) -> None:
    first = (await refresh(ingester)).snapshot
    ingester.edit("User", SALES, enabled=0)
    ingester.edit("User", FIELD, creation="2026-11-26 10:00:00")
    second = (await refresh(ingester, NOON + timedelta(minutes=30))).snapshot
    user, before, after = second.user(SALES), first.user(FIELD), second.user(FIELD)
    assert user
    assert before
    assert after
    assert not user.is_enabled
    assert before.creation != after.creation == "2026-11-26 10:00:00"


async def test_an_unknown_app_shows_nothing_until_it_is_attested(ingester: Ingester) -> None:
    versions = {"frappe": "15.44.2", "erpnext": "15.90.0", "grower_app": "1.0"}
    ingester.site.control.do("versions", versions=versions)
    await refresh(ingester)
    denied = await snapshots().compile("site", FIELD, "Item")
    assert isinstance(denied, Denial)
    assert denied.code == "app_unattested"
    await AccessAttestation(id="site", apps=versions, hooked=["Farmer"], attested_at=NOON).insert()
    await refresh(ingester, NOON + timedelta(minutes=1))
    assert isinstance(await snapshots().compile("site", FIELD, "Item"), Access)
    hooked = await snapshots().compile("site", FIELD, "Farmer")
    assert isinstance(hooked, Denial)
    assert hooked.code == "hook_unknown"


async def test_a_large_snapshot_lies_in_parts(
    ingester: Ingester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "PART_BYTES", 10_000)
    refreshed = await refresh(ingester)
    assert (await pointer()).parts == await AccessPart.find_all().count() > 2
    assert (await snapshots().get("site")).users == refreshed.snapshot.users
    ingester.edit("User", SALES, enabled=0)
    await refresh(ingester, NOON + timedelta(hours=2))
    assert len(await AccessPart.get_pymongo_collection().distinct("version")) == 2
    await refresh(ingester, NOON + timedelta(hours=4))
    assert len(await AccessPart.get_pymongo_collection().distinct("version")) == 1


async def test_a_damaged_snapshot_is_read_anew(ingester: Ingester) -> None:
    await refresh(ingester)
    await AccessPart.get_pymongo_collection().update_one({}, {"$set": {"data": b"?"}})
    with pytest.raises(WarehouseError):
        await snapshots().get("site")
    await refresh(ingester, NOON + timedelta(minutes=1))
    assert (await snapshots().get("site")).users


async def empty_user_permissions(ingester: Ingester) -> dict[str, object]:
    """Take the site's one User Permission away without a trace, and return it."""
    async with ErpClient(ingester.erp) as client:
        (row,) = await client.list_rows(ListQuery("User Permission", ("*",)))
    ingester.delete("User Permission", row["name"], trace=False)
    return row


async def test_a_doubt_is_not_lost_to_an_attempt_that_began_before_it(ingester: Ingester) -> None:
    await refresh(ingester)
    timed_out, succeeded = await pointer(), await pointer()
    refused = await pointer()
    refused.is_doubted = True
    refused.attempted_at = NOON + timedelta(minutes=1)
    await stored.record_failure(refused)
    await stored.record_failure(timed_out)
    assert (await pointer()).is_doubted
    succeeded.read_at = succeeded.attempted_at = NOON + timedelta(minutes=2)
    assert await stored.put_in_force(succeeded)
    assert (await pointer()).is_doubted
    await refresh(ingester, NOON + timedelta(minutes=3))
    assert not (await pointer()).is_doubted
