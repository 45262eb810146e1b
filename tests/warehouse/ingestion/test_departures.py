"""What left the ERP leaves the store for the tombstones, once it was asked for twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.ingesting import Ingester, site_now
from warehouse.documents.control import Outcome
from warehouse.documents.tombstones import Reason
from warehouse.ingestion.task import Depth

BORN = "2026-05-01 10:00:00.000001"
MODES = pytest.mark.parametrize(
    ("inventory_rows", "depth"),
    [(20_000, Depth.CHANGES), (15, Depth.NAMES), (15, Depth.EVERYTHING)],
    ids=["small", "large by name", "large reread"],
)


async def sync(ingester: Ingester, depth: Depth = Depth.CHANGES) -> None:
    run = await ingester.reconcile("Farmer", depth=depth)
    assert run.outcome is Outcome.COMPLETED


async def prepare(ingester: Ingester, inventory_rows: int = 20_000) -> None:
    ingester.inventory_rows, ingester.options = inventory_rows, {"page_rows": 20}
    await ingester.run("Farmer")


def fault_on_second_look(ingester: Ingester, **rule: Any) -> None:
    """Add a fault to the request that asks for absent Farmers by their names."""
    match = {"kind": "list", "doctype": "Farmer", "contains": '["name","in",'}
    ingester.site.control.fault(rule.pop("action", "edit"), match=match, **rule)


@MODES
async def test_what_left_is_buried_as_it_was_last_stored_with_its_reason(
    ingester: Ingester, inventory_rows: int, depth: Depth
):
    await prepare(ingester, inventory_rows)
    names = {
        "FMR-00001": (Reason.DELETED, None),
        "FMR-00004": (Reason.VANISHED, None),
        "FMR-00005": (Reason.RENAMED, "FMR-5"),
        "FMR-00007": (Reason.RENAMED, "FMR-7"),
    }
    last = {name: await ingester.find("Farmer", name) for name in names}
    ingester.delete("Farmer", "FMR-00001")
    ingester.delete("Farmer", "FMR-00004", trace=False)
    ingester.rename("Farmer", "FMR-00005", "FMR-5")
    ingester.rename("Farmer", "FMR-00007", "FMR-7", comment=False)
    await sync(ingester, depth)
    await ingester.assert_equal("Farmer")
    buried = await ingester.buried("Farmer")
    assert {name: (row["reason"], row["renamed_to"]) for name, row in buried.items()} == names
    for name, row in buried.items():
        kept = ("document_data", "content_hash", "synced_at", "erp_creation", "owner_lc")
        assert {key: row[key] for key in kept} == {key: last[name][key] for key in kept}
        assert row["restored_at"] is None
    state = await ingester.state("Farmer")
    assert state.documents == await ingester.stored.count_documents({"doctype": "Farmer"})


@MODES
async def test_a_name_used_again_is_another_document_and_the_first_is_buried(
    ingester: Ingester, inventory_rows: int, depth: Depth
):
    await prepare(ingester, inventory_rows)
    old = await ingester.find("Farmer", "FMR-00020")
    ingester.delete("Farmer", "FMR-00020")
    ingester.insert("Farmer", {"name": "FMR-00020", "farmer_name": "The next"})
    await sync(ingester, depth)
    await ingester.assert_equal("Farmer")
    new = await ingester.find("Farmer", "FMR-00020")
    tombstone = (await ingester.buried("Farmer"))["FMR-00020"]
    assert new["document_data"]["farmer_name"] == "The next"
    assert tombstone["erp_creation"] == old["erp_creation"] != new["erp_creation"]
    assert tombstone["document_data"] == old["document_data"]
    assert tombstone["reason"] == Reason.DELETED


async def test_a_name_used_again_by_a_rename_is_told_apart_too(ingester: Ingester):
    await prepare(ingester)
    ingester.delete("Farmer", "FMR-00007")
    ingester.rename("Farmer", "FMR-00008", "FMR-00007")
    await sync(ingester)
    await ingester.assert_equal("Farmer")
    buried = await ingester.buried("Farmer")
    assert buried["FMR-00007"]["reason"] == Reason.DELETED
    assert buried["FMR-00008"]["renamed_to"] == "FMR-00007"


async def test_two_documents_that_change_names_keep_their_contents(ingester: Ingester):
    await prepare(ingester)
    for old, new in (("FMR-00007", "tmp"), ("FMR-00008", "FMR-00007"), ("tmp", "FMR-00008")):
        ingester.rename("Farmer", old, new)
    await sync(ingester)
    await ingester.assert_equal("Farmer")
    buried = await ingester.buried("Farmer")
    renamed = {name: row["renamed_to"] for name, row in buried.items()}
    assert renamed == {"FMR-00007": "FMR-00008", "FMR-00008": "FMR-00007"}


@pytest.mark.parametrize("looks", ["by name", "by creation"])
async def test_rows_that_the_inventory_did_not_show_stay_if_a_second_look_finds_them(
    ingester: Ingester, looks: str
):
    await prepare(ingester)
    match = {"kind": "list", "doctype": "Farmer"}
    ingester.site.control.fault("truncate", match=match, rows=1)
    if looks == "by creation":
        fault_on_second_look(ingester, action="empty")
    report = await ingester.report("Farmer")
    assert (report.deleted, report.renamed, report.changed, report.new) == (0, 0, 0, 0)
    assert report.outcome is Outcome.COMPLETED
    assert await ingester.buried() == {}
    await ingester.assert_equal("Farmer")


async def test_a_document_that_returns_before_the_second_look_is_not_removed(ingester: Ingester):
    await prepare(ingester)
    row = (await ingester.read_site("Farmer"))["Farmer", "FMR-00007"]
    ingester.delete("Farmer", "FMR-00007")
    fault_on_second_look(ingester, changes=[{"do": "insert", "doctype": "Farmer", "document": row}])
    report = await ingester.report("Farmer")
    assert (report.deleted, report.outcome) == (0, Outcome.COMPLETED)
    assert await ingester.buried() == {}
    await ingester.assert_equal("Farmer")


async def test_a_name_that_gets_a_new_bearer_before_the_second_look_is_pulled(ingester: Ingester):
    await prepare(ingester)
    ingester.delete("Farmer", "FMR-00007")
    born = {"name": "FMR-00007", "farmer_name": "The next"}
    fault_on_second_look(
        ingester, changes=[{"do": "insert", "doctype": "Farmer", "document": born}]
    )
    await sync(ingester)
    assert (await ingester.buried("Farmer"))["FMR-00007"]["reason"] == Reason.DELETED
    await ingester.assert_equal("Farmer")


async def test_a_rename_committed_after_the_inventory_is_followed_at_once(ingester: Ingester):
    await prepare(ingester)
    ingester.delete("Farmer", "FMR-00010")
    rename = {"do": "rename", "doctype": "Farmer", "name": "FMR-00008", "new_name": "FMR-8"}
    match = {"kind": "list", "doctype": "Farmer"}
    ingester.site.control.fault("truncate", match=match, rows=1)
    fault_on_second_look(ingester, changes=[rename])
    await ingester.run("Farmer")
    assert (await ingester.buried("Farmer"))["FMR-00008"]["renamed_to"] == "FMR-8"
    await ingester.assert_equal("Farmer")


async def test_a_second_look_that_fails_removes_nothing(ingester: Ingester):
    await prepare(ingester)
    ingester.delete("Farmer", "FMR-00007")
    fault_on_second_look(ingester, action="garbage")
    assert (await ingester.report("Farmer")).outcome is Outcome.FAILED
    assert await ingester.buried() == {}
    assert (await ingester.report("Farmer")).deleted == 1


async def test_a_deleted_document_that_is_restored_returns_and_its_tombstone_says_when(
    ingester: Ingester,
):
    await prepare(ingester)
    row = (await ingester.read_site("Farmer"))["Farmer", "FMR-00007"]
    ingester.delete("Farmer", "FMR-00007")
    await sync(ingester)
    now = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    ingester.travel(now)
    ingester.insert("Farmer", row)
    await sync(ingester)
    await ingester.assert_equal("Farmer")
    assert (await ingester.buried("Farmer"))["FMR-00007"]["restored_at"] == now


async def test_a_namesake_restores_nothing(ingester: Ingester):
    await prepare(ingester)
    ingester.delete("Farmer", "FMR-00007")
    await sync(ingester)
    ingester.insert("Farmer", {"name": "FMR-00007"})
    await sync(ingester)
    assert (await ingester.buried("Farmer"))["FMR-00007"]["restored_at"] is None


@pytest.mark.parametrize("inventory_rows", [20_000, 15], ids=["small", "large"])
async def test_rows_that_are_undated_or_dated_in_the_future_are_not_missed(
    ingester: Ingester, inventory_rows: int
):
    ingester.insert("Farmer", {"name": "Undated"}, {"name": "Future"}, {"name": "Unborn"})
    ingester.undate("Farmer", "Undated")
    ingester.edit("Farmer", "Future", modified="2031-01-01 00:00:00")
    ingester.edit("Farmer", "Unborn", modified=None, creation=None)
    await prepare(ingester, inventory_rows)
    for depth in (Depth.CHANGES, Depth.NAMES, Depth.EVERYTHING):
        await sync(ingester, depth)
    assert await ingester.buried() == {}
    ingester.delete("Farmer", "Undated", "Future", "Unborn", trace=False)
    await sync(ingester, Depth.NAMES)
    assert (await ingester.buried()).keys() == {"Undated", "Future", "Unborn"}
    await ingester.assert_equal("Farmer")


async def test_a_reported_deletion_of_a_large_doctype_takes_no_later_bearer_of_the_name(
    ingester: Ingester,
):
    await prepare(ingester, 15)
    ingester.delete("Farmer", "FMR-00020")
    ingester.insert("Farmer", {"name": "FMR-00020"})
    # Saved long ago, as far as a partial inventory can tell.
    ingester.edit("Farmer", "FMR-00020", modified=site_now(days=9))
    await sync(ingester)
    tombstone = (await ingester.buried("Farmer"))["FMR-00020"]
    live = await ingester.find("Farmer", "FMR-00020")
    assert tombstone["erp_creation"] < live["erp_creation"]
    await ingester.assert_equal("Farmer")


async def test_a_copy_that_a_later_run_has_written_is_not_removed(ingester: Ingester):
    await prepare(ingester)
    await ingester.stored.update_one(
        {"doctype": "Farmer", "name": "FMR-00007"}, {"$set": {"run_id": "site-99999999"}}
    )
    ingester.delete("Farmer", "FMR-00007")
    await ingester.run("Farmer")
    assert await ingester.find("Farmer", "FMR-00007")
