"""Fields, DocTypes and child tables come, go and change: each is told, and nothing is lost."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.describing import create_doctypes, field, list_doctype
from tests.ingesting import Ingester, report_of
from warehouse.documents.control import CatalogEntry, Outcome
from warehouse.documents.drift import Drift
from warehouse.erpnext.client import ErpClient
from warehouse.ingestion.drift import FieldDrift, compare_metas

Meta = dict[str, Any]


def meta(doctype: str, *fields: dict[str, Any]) -> Meta:
    return {"name": doctype, "fields": list(fields)}


VILLAGE = field("village")
CROPS = field("crops", "Table", options="Crop")


@pytest.mark.parametrize(
    ("before", "after", "drift", "moves_data"),
    [
        pytest.param([], [VILLAGE], Drift.FIELD_ADDED, True, id="added"),
        pytest.param([VILLAGE], [], Drift.FIELD_REMOVED, True, id="removed"),
        pytest.param([VILLAGE], [field("village", "Link")], Drift.FIELD_CHANGED, False, id="type"),
        pytest.param(
            [VILLAGE], [field("village", permlevel=1)], Drift.FIELD_CHANGED, False, id="permlevel"
        ),
        pytest.param(
            [VILLAGE], [field("village", "Password")], Drift.FIELD_CHANGED, True, id="secret"
        ),
        pytest.param(
            [VILLAGE], [field("village", is_virtual=1)], Drift.FIELD_CHANGED, True, id="virtual"
        ),
        pytest.param([], [CROPS], Drift.CHILD_TABLE_ADDED, True, id="table added"),
        pytest.param([CROPS], [], Drift.CHILD_TABLE_REMOVED, True, id="table removed"),
    ],
)
def test_a_change_of_a_field_is_named(
    before: list[Meta], after: list[Meta], drift: Drift, *, moves_data: bool
):
    (found,) = compare_metas([meta("Farmer", *before)], [meta("Farmer", *after)])
    assert (found.drift, found.moves_data) == (drift, moves_data)
    assert found.field in {"village", "crops"}


def test_a_field_of_a_child_table_is_named_with_its_table():
    before = [meta("Farmer", CROPS), meta("Crop", field("season"))]
    after = [meta("Farmer", CROPS), meta("Crop", field("season", "Select", options="Rabi"))]
    assert compare_metas(before, after) == [
        FieldDrift(
            Drift.FIELD_CHANGED, "crops.season", "fieldtype=Data", "fieldtype=Select options=Rabi"
        )
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([VILLAGE], [field("village", label="Where")], id="label"),
        pytest.param([VILLAGE], [field("village", reqd=1, in_list_view=1)], id="flags"),
        pytest.param([VILLAGE], [field("cb", "Column Break"), VILLAGE], id="layout"),
        pytest.param([VILLAGE, field("b")], [field("b"), VILLAGE], id="order"),
    ],
)
def test_what_holds_no_data_is_no_drift(before: list[Meta], after: list[Meta]):
    assert compare_metas([meta("Farmer", *before)], [meta("Farmer", *after)]) == []


# --- On a site


async def read_metas(ingester: Ingester, doctype: str) -> list[Meta]:
    async with ErpClient(ingester.erp) as client:
        return copy.deepcopy(await client.read_metas(doctype))


def described(doctype: str, meta: Meta, **values: Any) -> dict[str, Any]:
    """Return the command that gives a DocType another meta."""
    return {"do": "describe", "doctype": doctype, "meta": meta, "values": values}


async def customize(ingester: Ingester, doctype: str, *fields: Meta, without: str = "") -> None:
    """Change the fields of a DocType, as a Custom Field does."""
    (changed, *_) = await read_metas(ingester, doctype)
    kept = [each for each in changed["fields"] if each["fieldname"] != without]
    changed["fields"] = [*kept, *fields]
    ingester.site.control.do_all([described(doctype, changed)])
    touch(ingester, doctype)


def touch(ingester: Ingester, doctype: str) -> None:
    """Leave the trace of a customization."""
    ingester.insert("Custom Field", {"dt": doctype, "fieldname": "whatever"})


async def drifts(ingester: Ingester) -> list[tuple[str | None, Drift, str | None, int]]:
    events = await ingester.read_drift()
    return [(event.doctype, event.drift, event.field, event.meta_version) for event in events]


async def entry_of(doctype: str) -> CatalogEntry:
    entry = await CatalogEntry.find_one({"instance": "site", "doctype": doctype})
    assert entry
    return entry


async def test_the_first_run_sees_no_drift(ingester: Ingester):
    await ingester.run()
    assert await drifts(ingester) == []


async def test_a_new_field_is_told_and_its_values_are_stored_though_no_modified_changed(
    ingester: Ingester,
):
    run = await ingester.run("Farmer")
    await customize(ingester, "Farmer", field("custom_soil", is_custom_field=1))
    ingester.edit("Farmer", "FMR-00001", modified=None, custom_soil="black")
    run = await ingester.run("Farmer")
    (event,) = await ingester.read_drift()
    assert (event.doctype, event.drift, event.field) == (
        "Farmer",
        Drift.FIELD_ADDED,
        "custom_soil",
    )
    assert (event.before, event.after) == (None, "fieldtype=Data")
    assert (event.run_id, event.meta_version) == (run.id, 2)
    assert (await entry_of("Farmer")).meta_version == 2
    await ingester.assert_equal("Farmer")
    await ingester.run("Farmer")
    assert len(await ingester.read_drift()) == 1


async def test_a_field_that_becomes_secret_is_taken_out_of_the_store(ingester: Ingester):
    ingester.edit("Farmer", "FMR-00001", mobile="+91-9000000001")
    await ingester.run("Farmer")
    await customize(ingester, "Farmer", field("mobile", "Password"), without="mobile")
    await ingester.run("Farmer")
    assert await drifts(ingester) == [("Farmer", Drift.FIELD_CHANGED, "mobile", 2)]
    assert "mobile" not in (await ingester.find("Farmer", "FMR-00001"))["document_data"]


async def test_a_label_makes_a_new_version_and_no_event(ingester: Ingester):
    await ingester.run("Farmer")
    (changed, *_) = await read_metas(ingester, "Farmer")
    changed["fields"][1]["label"] = "Another label"
    ingester.site.control.do_all([described("Farmer", changed)])
    touch(ingester, "Farmer")
    ingester.site.control.stats(reset=True)
    await ingester.run("Farmer")
    assert await drifts(ingester) == []
    assert (await entry_of("Farmer")).meta_version == 2
    assert ingester.requests("list", "Farmer Crop") == 0


async def test_a_custom_child_table_is_told_and_read(ingester: Ingester):
    await ingester.run("Farmer")
    loan = {"name": "Farmer Loan", "istable": 1, "fields": [field("bank"), field("amount", "Int")]}
    listed = {"module": "Producers", "istable": 1, "is_virtual": 0, "issingle": 0, "custom": 1}
    ingester.site.control.do_all([described("Farmer Loan", loan, **listed)])
    await customize(ingester, "Farmer", field("custom_loans", "Table", options="Farmer Loan"))
    loans = [{"bank": "SBI", "amount": 5}, {"bank": "PNB", "amount": 7}]
    ingester.edit("Farmer", "FMR-00001", modified=None, custom_loans=loans)
    await ingester.run("Farmer")
    assert (await drifts(ingester))[0] == ("Farmer", Drift.CHILD_TABLE_ADDED, "custom_loans", 2)
    stored = (await ingester.find("Farmer", "FMR-00001"))["document_data"]["custom_loans"]
    assert [(row["bank"], row["idx"]) for row in stored] == [("SBI", 1), ("PNB", 2)]
    await ingester.assert_equal("Farmer")
    await customize(ingester, "Farmer", without="custom_loans")
    await ingester.run("Farmer")
    assert Drift.CHILD_TABLE_REMOVED in {drift for _, drift, _, _ in await drifts(ingester)}
    assert "custom_loans" not in (await ingester.find("Farmer", "FMR-00001"))["document_data"]


async def test_a_child_doctype_under_many_parents_is_joined_with_each(ingester: Ingester):
    accounts = [{"company": "One", "account": "Debtors"}]
    others = [{"company": "One", "account": "Creditors"}, {"company": "Two", "account": "C2"}]
    ingester.insert("Customer", {"name": "Namesake", "accounts": accounts})
    ingester.insert("Supplier", {"name": "Namesake", "accounts": others})
    await ingester.run("Customer", "Supplier")
    stored = [await ingester.find(doctype, "Namesake") for doctype in ("Customer", "Supplier")]
    assert [len(row["document_data"]["accounts"]) for row in stored] == [1, 2]
    await ingester.assert_equal("Customer", "Supplier")


async def test_a_table_multiselect_is_stored_as_child_rows(ingester: Ingester):
    await ingester.run("Farmer")
    tags = [{"tag": "seed grower"}, {"tag": "women's group"}]
    ingester.edit("Farmer", "FMR-00001", tags=tags)
    await ingester.run("Farmer")
    stored = (await ingester.find("Farmer", "FMR-00001"))["document_data"]["tags"]
    assert [row["tag"] for row in stored] == ["seed grower", "women's group"]
    assert {row["doctype"] for row in stored} == {"Farmer Tag Link"}
    await ingester.assert_equal("Farmer")


# --- While a DocType is pulled


async def drop_crops(ingester: Ingester) -> list[Meta]:
    """Return the changes that take the child table `crops` away from Farmer."""
    (changed, *_) = await read_metas(ingester, "Farmer")
    changed["fields"] = [each for each in changed["fields"] if each["fieldname"] != "crops"]
    ingester.site.control.stats(reset=True)
    return [described("Farmer", changed)]


@pytest.mark.parametrize("page_rows", [10, 1000])
async def test_a_child_table_that_goes_between_meta_and_query_is_left_out(
    ingester: Ingester, page_rows: int
):
    ingester.options = {"page_rows": page_rows}
    changes = await drop_crops(ingester)
    match = {"kind": "list", "doctype": "Farmer Crop"}
    skip = 1 if page_rows == 10 else 0
    ingester.site.control.fault("edit", match=match, skip=skip, changes=changes)
    report = await ingester.report("Farmer")
    assert (report.outcome, report.rejected) == (Outcome.COMPLETED, 0)
    assert ingester.requests("read", "Farmer") == 0
    assert ingester.requests("meta", "Farmer") == 2
    assert await drifts(ingester) == [
        ("Farmer", Drift.CHILD_TABLE_REMOVED, "crops", 2),
        *[("Farmer", Drift.FIELD_REMOVED, f"crops.{name}", 2) for name in CROP_FIELDS],
    ]
    # What was stored with the table before it went is read again by the next run.
    await ingester.run("Farmer")
    assert not await ingester.stored.count_documents({"document_data.crops": {"$exists": True}})
    await ingester.assert_equal("Farmer")


CROP_FIELDS = (
    "area_acres",
    "expected_value",
    "is_organic",
    "item",
    "season",
    "sowing_date",
)


async def test_a_refused_child_table_that_is_still_there_is_asked_for_once(ingester: Ingester):
    ingester.options = {"page_rows": 10}
    ingester.site.control.do("refuse", doctype="Farmer Crop")
    report = await ingester.report("Farmer")
    assert report.outcome is Outcome.COMPLETED
    assert ingester.requests("meta", "Farmer") == 2
    assert await drifts(ingester) == []
    await ingester.assert_equal("Farmer")


UNKNOWN = {"status": 417, "exc_type": "DataError", "message": "Field not permitted in query: x"}


async def test_a_list_rejected_for_a_field_that_went_is_asked_for_again(ingester: Ingester):
    changes = await drop_crops(ingester)
    match = {"kind": "list", "doctype": "Farmer", "contains": '["*"]'}
    ingester.site.control.fault("status", match=match, changes=changes, **UNKNOWN)
    report = await ingester.report("Farmer")
    assert report.outcome is Outcome.COMPLETED
    await ingester.assert_equal("Farmer")


@pytest.mark.parametrize("changes", [False, True], ids=["same shape", "again and again"])
async def test_a_list_rejected_for_a_field_fails_if_that_does_not_help(
    ingester: Ingester, *, changes: bool
):
    match = {"kind": "list", "doctype": "Farmer", "contains": '["*"]'}
    edits = await drop_crops(ingester) if changes else []
    ingester.site.control.fault("status", match=match, times=None, changes=edits, **UNKNOWN)
    report = await ingester.report("Farmer")
    assert report.outcome is Outcome.FAILED
    assert report.failure
    assert "unknown field x" in report.failure.message
    assert ingester.requests("meta", "Farmer") == 2


# --- DocTypes


async def test_more_than_a_thousand_doctypes_are_listed_and_synced(ingester: Ingester):
    create_doctypes(ingester, *(f"Part {number:04}" for number in range(1100)), istable=1)
    create_doctypes(ingester, "Zz Last")
    ingester.insert("Zz Last", {"name": "the last", "title": "one"})
    run = await ingester.run("Zz Last", "Customer")
    assert run.outcome is Outcome.COMPLETED
    await ingester.assert_equal("Zz Last", "Customer")


async def test_a_new_and_a_removed_doctype_are_told_and_the_removed_one_keeps_its_documents(
    ingester: Ingester,
):
    ingester.options = {"include": ("Farmer*", "Customer", "Zz*")}
    create_doctypes(ingester, "Zz Old")
    ingester.insert("Zz Old", {"name": "kept"})
    await ingester.run()
    ingester.delete("DocType", "Zz Old")
    create_doctypes(ingester, "Zz New")
    ingester.insert("Zz New", {"name": "new"})
    run = await ingester.run()
    assert run.outcome is Outcome.COMPLETED
    assert [(doctype, drift) for doctype, drift, _, _ in await drifts(ingester)] == [
        ("Zz New", Drift.DOCTYPE_ADDED),
        ("Zz Old", Drift.DOCTYPE_REMOVED),
    ]
    assert await ingester.find("Zz Old", "kept")
    assert (await ingester.state("Zz Old")).frozen_at
    await ingester.run()
    assert len(await ingester.read_drift()) == 2


async def test_integer_names_follow_deletion_and_rename(ingester: Ingester):
    await ingester.run("Field Visit")
    names = [row["document_data"]["name"] async for row in ingester.stored.find()]
    ingester.delete("Field Visit", names[0])
    ingester.delete("Field Visit", names[1], trace=False)
    ingester.insert("Field Visit", {"name": 4711})
    report = await ingester.report("Field Visit")
    assert (report.new, report.deleted) == (1, 2)
    assert (await ingester.buried()).keys() == {f"{name}" for name in names[:2]}
    await ingester.assert_equal("Field Visit")


# --- The site as a whole


async def test_an_upgrade_between_two_runs_is_told_and_followed(ingester: Ingester):
    await ingester.run("Farmer", "Customer")
    versions = {"frappe": "16.1.0", "hrms": "16.0.0"}
    ingester.site.control.do("versions", versions=versions)
    await customize(ingester, "Farmer", field("new_in_16"), without="village")
    for doctype in ("Farmer", "Customer"):
        list_doctype(ingester, doctype, modified="2026-11-23 12:00:00")
    run = await ingester.run("Farmer", "Customer")
    assert run.outcome is Outcome.COMPLETED
    events = await ingester.read_drift()
    changed = {event.field: event.after for event in events if event.drift is Drift.VERSION_CHANGED}
    assert changed.keys() == {"frappe", "erpnext", "hrms"}
    assert (changed["frappe"], changed["erpnext"]) == ("16.1.0", None)
    fields = {event.field for event in events if event.doctype == "Farmer"}
    assert fields == {"new_in_16", "village"}
    await ingester.assert_equal("Farmer", "Customer")


async def test_another_time_zone_is_told_and_reads_everything_again(ingester: Ingester):
    await ingester.run("Farmer", "Customer")
    ingester.edit("Farmer", "FMR-00001", modified=None, village="silently moved")
    ingester.options = {"page_rows": 10}
    ingester.site.control.do("time_zone", time_zone="Asia/Dhaka")
    run = await ingester.run("Farmer", "Customer")
    assert report_of(run, "Farmer").silent == 1
    (event,) = await ingester.read_drift()
    assert event.drift is Drift.TIME_ZONE_CHANGED
    assert (event.before, event.after) == ("Asia/Kolkata", "Asia/Dhaka")
    assert event.doctype is None
    await ingester.assert_equal("Farmer", "Customer")
    assert (await ingester.state("Farmer")).reread_at
    assert (await ingester.run("Farmer")).totals.changed == 0


async def test_the_feeds_are_followed_across_a_change_of_the_time_zone(ingester: Ingester):
    ingester.options, ingester.inventory_rows = {"include": ("Farmer",)}, 15
    await ingester.run()
    # Ten hours back: what is deleted from now on is older than what was followed, by its datetime.
    ingester.site.control.do("time_zone", time_zone="America/New_York")
    await ingester.run()
    ingester.delete("Farmer", "FMR-00001")
    assert (await ingester.run()).totals.deleted == 1
    assert (await ingester.buried())["FMR-00001"]["reason"] == "deleted"
