"""Tombstones: one per lifetime and departure, made before the live copy goes, kept for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from warehouse.documents.raw import raw_model
from warehouse.documents.tombstones import (
    Reason,
    bury,
    has_tombstones,
    mark_restored,
    settle_burials,
    settle_restored,
    tombstone_model,
    tombstones,
)

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.database import AsyncDatabase

RUN, LATER_RUN = "site-00000002", "site-00000003"
BORN, REBORN = "2026-05-01 10:00:00", "2026-06-01 10:00:00"
NOW = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)


@pytest.fixture
def live(database: AsyncDatabase[dict[str, Any]]) -> AsyncCollection[dict[str, Any]]:
    return raw_model("site").get_pymongo_collection()


async def store(live: AsyncCollection[dict[str, Any]], name: str, **values: Any) -> dict[str, Any]:
    row = {
        "doctype": "Farmer",
        "name": name,
        "erp_modified": BORN,
        "erp_creation": BORN,
        "owner_lc": "asha",
        "content_hash": "h1",
        "synced_at": NOW,
        "run_id": "site-00000001",
        "document_data": {"name": name},
        **values,
    }
    await live.insert_one(row)
    return row


def grave(row: dict[str, Any], at: datetime = NOW) -> dict[str, Any]:
    life = {"deleted_at": at, "expires_at": at + timedelta(days=365), "restored_at": None}
    return row | life | {"reason": Reason.DELETED, "renamed_to": None}


async def test_a_document_moves_from_the_store_to_the_tombstones(
    live: AsyncCollection[dict[str, Any]],
):
    row = await store(live, "FMR-1")
    await store(live, "FMR-2")
    await bury("site", [grave(row)], RUN)
    assert [each["name"] for each in await live.find().to_list()] == ["FMR-2"]
    (buried,) = await tombstones("site").find().to_list()
    buried.pop("_id")
    assert buried == {key: value for key, value in grave(row).items() if key != "_id"}
    (model,) = await tombstone_model("site").find_all().to_list()
    assert model.model_dump()["reason"] is Reason.DELETED


async def test_a_run_that_was_killed_after_the_tombstone_makes_no_second_one(
    live: AsyncCollection[dict[str, Any]],
):
    row = await store(live, "FMR-1")
    await bury("site", [grave(row)], RUN)
    await live.insert_one(row)
    await bury("site", [grave(row, NOW + timedelta(hours=1))], RUN)
    assert await live.count_documents({}) == 0
    (buried,) = await tombstones("site").find().to_list()
    assert buried["deleted_at"] == NOW


@pytest.mark.parametrize(
    "changed", [{"run_id": LATER_RUN}, {"content_hash": "h2"}], ids=["later run", "other content"]
)
async def test_a_copy_that_was_written_meanwhile_stays(
    live: AsyncCollection[dict[str, Any]], changed: dict[str, str]
):
    row = await store(live, "FMR-1")
    await live.update_one({"name": "FMR-1"}, {"$set": changed})
    await bury("site", [grave(row)], RUN)
    assert await live.count_documents(changed) == 1


async def test_each_lifetime_of_a_name_has_its_own(live: AsyncCollection[dict[str, Any]]):
    for creation in (BORN, REBORN):
        row = await store(live, "FMR-1", erp_creation=creation)
        await bury("site", [grave(row)], RUN)
    rows = await tombstones("site").find().sort("erp_creation").to_list()
    assert [row["erp_creation"] for row in rows] == [BORN, REBORN]


async def test_the_same_name_in_another_doctype_has_its_own(
    live: AsyncCollection[dict[str, Any]],
):
    rows = [await store(live, "Same"), await store(live, "Same", doctype="Customer")]
    await bury("site", [grave(row) for row in rows], RUN)
    assert await tombstones("site").count_documents({}) == 2


async def test_a_restored_lifetime_that_leaves_again_gets_a_second_one(
    live: AsyncCollection[dict[str, Any]],
):
    for hours in (0, 2):
        row = await store(live, "FMR-1")
        await bury("site", [grave(row, NOW + timedelta(hours=hours))], RUN)
        if not hours:
            back = NOW + timedelta(hours=1)
            await mark_restored("site", "Farmer", [("FMR-1", BORN)], back)
    rows = await tombstones("site").find().sort("deleted_at").to_list()
    assert [row["restored_at"] for row in rows] == [back, None]


async def bury_and_restore(live: AsyncCollection[dict[str, Any]]) -> dict[str, Any]:
    """Bury a document and mark it as about to be stored again; return its row."""
    row = await store(live, "FMR-1")
    await bury("site", [grave(row)], RUN)
    assert await mark_restored("site", "Farmer", [("FMR-1", BORN)], NOW)
    return row


async def test_a_restored_lifetime_that_was_never_stored_is_open_again(
    live: AsyncCollection[dict[str, Any]],
):
    await bury_and_restore(live)
    await settle_burials("site", LATER_RUN)
    (tombstone,) = await tombstones("site").find().to_list()
    assert tombstone["restored_at"] is None
    assert "is_pending" not in tombstone


async def test_a_restored_lifetime_that_was_stored_before_the_run_was_killed_stays_restored(
    live: AsyncCollection[dict[str, Any]],
):
    await live.insert_one(await bury_and_restore(live))
    await settle_burials("site", LATER_RUN)
    (tombstone,) = await tombstones("site").find().to_list()
    assert tombstone["restored_at"] == NOW
    assert "is_pending" not in tombstone
    assert await live.count_documents({}) == 1


async def test_a_restored_lifetime_that_left_again_long_after_is_not_opened_once_more(
    live: AsyncCollection[dict[str, Any]],
):
    row = await bury_and_restore(live)
    await live.insert_one(row)
    await settle_restored("site", "Farmer", ["FMR-1"], NOW)
    await bury("site", [grave(row, NOW + timedelta(hours=1))], RUN)
    await settle_burials("site", LATER_RUN)
    rows = await tombstones("site").find().sort("deleted_at").to_list()
    assert [each["restored_at"] for each in rows] == [NOW, None]


@pytest.mark.parametrize(
    ("doctype", "lifetime"),
    [("Farmer", ("FMR-2", BORN)), ("Farmer", ("FMR-1", REBORN)), ("Customer", ("FMR-1", BORN))],
)
async def test_another_lifetime_restores_nothing(
    live: AsyncCollection[dict[str, Any]], doctype: str, lifetime: tuple[str, str]
):
    await bury("site", [grave(await store(live, "FMR-1"))], RUN)
    assert not await mark_restored("site", doctype, [lifetime], NOW)
    assert await tombstones("site").count_documents({"restored_at": None}) == 1


async def test_nothing_is_asked_of_mongodb_for_nothing(live: AsyncCollection[dict[str, Any]]):
    await bury("site", [], RUN)
    assert not await mark_restored("site", "Farmer", [], NOW)
    assert await tombstones("site").count_documents({}) == 0


async def test_a_doctype_that_nothing_left_is_known(live: AsyncCollection[dict[str, Any]]):
    await bury("site", [grave(await store(live, "FMR-1"))], RUN)
    assert await has_tombstones("site", "Farmer")
    assert not await has_tombstones("site", "Customer")


async def test_they_expire_by_an_index_and_are_unique_by_lifetime_and_departure(
    database: AsyncDatabase[dict[str, Any]],
):
    indexes = await database["erp_site_deleted"].index_information()
    expiring = [index for index in indexes.values() if index.get("expireAfterSeconds") == 0]
    assert [index["key"] for index in expiring] == [[("expires_at", 1)]]
    unique = [index["key"] for index in indexes.values() if index.get("unique")]
    columns = ("doctype", "name", "erp_creation", "deleted_at")
    assert unique == [[(column, 1) for column in columns]]
