"""An ERP that changes while it is read, and names, dates and tables that are out of the ordinary.

`MODES`: a DocType below and above CSA_INVENTORY_ROWS, each pulled by names and walked in pages.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.ingesting import Ingester, report_of
from tests.sample_books import count_sample
from warehouse.documents.control import Outcome

TIE = "2026-05-01 10:00:00.000000"
STRANGE_NAMES = (
    "a/b/c",
    "100%",
    "%2F",
    "50 % of _all_",
    'it\'s "quoted"',
    "back\\slash",
    "ends in/",
    "?question=1&x=2#hash",
    "semi;colon, comma",
    "రైతు మిత్ర సంఘం",
    "किसान मित्र",
    "Zoë Ångström",
    "🌾 harvest",
    " begins with a blank",
    "[brackets] {braces}",
    "..",
    "null",
    "0",
)
MODES = pytest.mark.parametrize(
    "mode",
    [
        {"inventory_rows": 20_000, "options": {"page_rows": 1000}},
        {"inventory_rows": 20_000, "options": {"page_rows": 20}},
        {"inventory_rows": 15, "options": {"page_rows": 20}},
    ],
    ids=["by name", "walked", "large"],
)


def set_mode(ingester: Ingester, mode: dict[str, Any]) -> None:
    ingester.inventory_rows = mode["inventory_rows"]
    ingester.options = mode["options"]


def site_time(**ago: float) -> str:
    """Return a moment of the site's clock."""
    return str(datetime.now(ZoneInfo("Asia/Kolkata")).replace(tzinfo=None) - timedelta(**ago))


def fault_on_children(ingester: Ingester, doctype: str, **rule: Any) -> None:
    match = {"kind": "list", "doctype": doctype}
    ingester.site.control.fault(rule.pop("action", "edit"), match=match, **rule)


def fault_on_pages(ingester: Ingester, doctype: str, **rule: Any) -> None:
    """Add a fault to the requests that ask for whole rows of a DocType."""
    match = {"kind": "list", "doctype": doctype, "contains": '["*"]'}
    ingester.site.control.fault(rule.pop("action", "edit"), match=match, **rule)


def saved(doctype: str, name: str | int, **values: Any) -> dict[str, Any]:
    """Return the change that a user makes by saving a document."""
    return {"do": "edit", "doctype": doctype, "name": name, "values": values, "modified": "now"}


async def an_invoice(ingester: Ingester) -> dict[str, Any]:
    """Return an invoice of the site that has more than one item."""
    documents = (await ingester.read_site("Sales Invoice")).values()
    ingester.site.control.stats(reset=True)
    return next(document for document in documents if len(document["items"]) > 1)


def with_other_items(invoice: dict[str, Any], mark: str) -> dict[str, Any]:
    """Return the change that saves an invoice with other remarks and one item less."""
    items = [
        {**item, "idx": number, "description": mark}
        for number, item in enumerate(invoice["items"][1:], 1)
    ]
    return saved("Sales Invoice", invoice["name"], remarks=mark, items=items)


@MODES
async def test_a_parent_saved_before_its_children_are_read_is_stored_in_one_version(
    ingester: Ingester, mode: dict[str, Any]
):
    set_mode(ingester, mode)
    invoice = await an_invoice(ingester)
    fault_on_children(ingester, "Sales Invoice Item", changes=[with_other_items(invoice, "once")])
    await ingester.run("Sales Invoice")
    document = (await ingester.find("Sales Invoice", invoice["name"]))["document_data"]
    assert document["remarks"] == "once"
    assert {item["description"] for item in document["items"]} == {"once"}
    assert ingester.requests("read", "Sales Invoice") == 0
    await ingester.assert_equal("Sales Invoice")


async def test_a_parent_that_changes_at_every_look_is_read_singly(ingester: Ingester):
    invoice = await an_invoice(ingester)
    for number in range(12):
        changes = [with_other_items(invoice, f"look {number}")]
        fault_on_children(ingester, "Sales Invoice Item", skip=number, changes=changes)
    report = await ingester.report("Sales Invoice")
    assert report.outcome is Outcome.COMPLETED
    assert ingester.requests("read", "Sales Invoice") == 1
    document = (await ingester.find("Sales Invoice", invoice["name"]))["document_data"]
    assert {item["description"] for item in document["items"]} == {document["remarks"]}
    ingester.site.control.clear_faults()
    await ingester.assert_equal("Sales Invoice")


@MODES
async def test_a_parent_deleted_before_its_children_are_read_is_counted_and_not_stored(
    ingester: Ingester, mode: dict[str, Any]
):
    set_mode(ingester, mode)
    invoice = await an_invoice(ingester)
    change = {"do": "delete", "doctype": "Sales Invoice", "name": invoice["name"]}
    match = {"kind": "list", "doctype": "Sales Invoice Item", "contains": invoice["name"]}
    ingester.site.control.fault("edit", match=match, changes=[change])
    report = await ingester.report("Sales Invoice")
    assert report.vanished == 1
    assert report.unchanged == 0
    assert ("Sales Invoice", invoice["name"]) not in await ingester.read_store()
    await ingester.assert_equal("Sales Invoice")


@MODES
async def test_a_document_renamed_before_its_page_is_read_is_stored_under_its_new_name(
    ingester: Ingester, mode: dict[str, Any]
):
    set_mode(ingester, mode)
    ingester.insert("Farmer", *({"name": f"F-{number:03}"} for number in range(30)))
    change = {"do": "rename", "doctype": "Farmer", "name": "F-020", "new_name": "f-020"}
    fault_on_pages(ingester, "Farmer", changes=[change])
    await ingester.run("Farmer")
    await ingester.run("Farmer")
    await ingester.assert_equal("Farmer")


@pytest.mark.parametrize("inventory_rows", [20_000, 50], ids=["small", "large"])
@pytest.mark.parametrize("page_rows", [20, 50])
async def test_rows_saved_while_paging_are_neither_lost_nor_double(
    ingester: Ingester, page_rows: int, inventory_rows: int
):
    ingester.inventory_rows, ingester.options = inventory_rows, {"page_rows": page_rows}
    spellings = ("Ravi {}", "RAVI-{}", "ravi_{}", "Rāvi {}!", "ర {}")
    names = [spellings[number % 5].format(number) for number in range(250)]
    rows = [{"name": name, "creation": TIE, "modified": TIE} for name in names]
    ingester.insert("Customer", *rows)
    for page, name in enumerate(names[::25]):
        moves = [saved("Customer", name), saved("Customer", names[page])]
        fault_on_pages(ingester, "Customer", skip=page // 2, changes=moves)
    report = await ingester.report("Customer")
    assert report.outcome is Outcome.COMPLETED
    assert report.new == len(await ingester.read_store("Customer"))
    ingester.site.control.clear_faults()
    await ingester.assert_equal("Customer")


@pytest.mark.parametrize("page_rows", [20, 1000])
async def test_a_child_row_whose_parent_is_spelt_otherwise_sends_the_parent_to_the_single_read(
    ingester: Ingester, page_rows: int
):
    ingester.options = {"page_rows": page_rows}
    crops = [{"season": "Rabi", "area_acres": 1.5}]
    ingester.insert("Farmer", {"name": "Ravi Zoé", "crops": [{"season": "Kharif"}] * 2})
    ingester.site.control.do("delete", doctype="Farmer", name="Ravi Zoé", keep_children=True)
    ingester.insert("Farmer", {"name": "RAVI ZOE", "crops": crops})
    await ingester.run("Farmer")
    assert ingester.requests("read", "Farmer") == 1
    await ingester.assert_equal("Farmer")


@pytest.mark.parametrize("refusal", ["refused", "broken"])
async def test_a_child_table_that_is_not_to_be_had_is_read_with_its_parents(
    ingester: Ingester, refusal: str
):
    if refusal == "refused":
        ingester.site.control.do("refuse", doctype="Farmer Crop")
    else:
        fault_on_children(ingester, "Farmer Crop", action="keyless", times=None)
    report = await ingester.report("Farmer")
    assert (report.outcome, report.rejected) == (Outcome.COMPLETED, 0)
    assert ingester.requests("read", "Farmer") == report.new
    await ingester.assert_equal("Farmer")


@pytest.mark.parametrize(("rows", "times"), [(1, 1), (25, None), (60, None), (150, None)])
async def test_a_child_list_cut_short_is_seen_and_its_parents_read_singly(
    ingester: Ingester, rows: int, times: int | None
):
    fault_on_children(ingester, "Sales Invoice Item", action="truncate", rows=rows, times=times)
    report = await ingester.report("Sales Invoice")
    assert report.outcome is Outcome.COMPLETED
    ingester.site.control.clear_faults()
    await ingester.assert_equal("Sales Invoice")


async def test_of_many_parents_whose_children_are_numbered_with_gaps_few_are_read_singly(
    ingester: Ingester,
):
    crops = [{"season": "Rabi", "idx": 2}, {"season": "Kharif", "idx": 5}]
    ingester.insert("Farmer", *({"name": f"Gap {number}", "crops": crops} for number in range(30)))
    await ingester.run("Farmer")
    assert ingester.requests("read", "Farmer") <= 3
    await ingester.assert_equal("Farmer")


@MODES
async def test_documents_of_any_name_are_stored_with_their_children(
    ingester: Ingester, mode: dict[str, Any]
):
    set_mode(ingester, mode)
    crops = [{"season": "Rabi"}, {"season": "Kharif"}]
    ingester.insert("Farmer", *({"name": name, "crops": crops} for name in STRANGE_NAMES))
    ingester.insert("Field Visit", *({"name": number} for number in range(8, 50)))
    report = await ingester.report("Farmer")
    assert (report.outcome, report.vanished, report.rejected) == (Outcome.COMPLETED, 0, 0)
    await ingester.run("Field Visit")
    await ingester.assert_equal("Farmer", "Field Visit")


async def test_a_name_that_comes_back_in_other_case_is_another_document(ingester: Ingester):
    ingester.insert("Farmer", {"name": "Ravi Das", "crops": [{"season": "Rabi"}]})
    await ingester.run("Farmer")
    ingester.site.control.do("rename", doctype="Farmer", name="Ravi Das", new_name="RAVI DAS")
    report = await ingester.report("Farmer")
    assert (report.new, report.changed, report.renamed) == (1, 0, 1)
    await ingester.assert_equal("Farmer")


@MODES
async def test_rows_without_modified_are_stored_though_they_fill_pages(
    ingester: Ingester, mode: dict[str, Any]
):
    set_mode(ingester, mode)
    names = [f"Undated {number:02}" for number in range(45)]
    for name in names:
        ingester.insert("Farmer", {"name": name, "crops": [{"season": "Rabi"}]})
        ingester.undate("Farmer", name)
    await ingester.run("Farmer")
    await ingester.assert_equal("Farmer")
    ingester.insert("Farmer", {"name": "Undated later"})
    ingester.undate("Farmer", "Undated later")
    report = await ingester.report("Farmer")
    assert (report.new, report.changed) == (1, 0)


@MODES
async def test_rows_dated_in_the_future_hide_no_change_behind_them(
    ingester: Ingester, mode: dict[str, Any]
):
    set_mode(ingester, mode)
    names = [f"Future {number:02}" for number in range(25)]
    for name in names:
        ingester.insert("Farmer", {"name": name})
        ingester.edit("Farmer", name, modified="2031-01-01 00:00:00")
    ingester.edit("Farmer", "FMR-00007", modified=site_time(days=1), village="yesterday")
    await ingester.run("Farmer")
    assert ((await ingester.state("Farmer")).high_water or "") < site_time()
    ingester.edit("Farmer", "FMR-00008", village="today")
    report = await ingester.report("Farmer")
    assert (report.new, report.changed) == (0, 1)
    assert site_time(days=2) < ((await ingester.state("Farmer")).high_water or "") < site_time()
    await ingester.assert_equal("Farmer")


async def test_a_walk_that_broke_off_has_left_no_doubtful_parent_behind_it(ingester: Ingester):
    ingester.inventory_rows, ingester.options = 15, {"page_rows": 20}
    farmers = (await ingester.read_site("Farmer")).values()
    # On the first page, and behind the rows that the inventory of the next run lists.
    eighteenth = sorted(farmer["modified"] for farmer in farmers)[17]
    ingester.insert("Farmer", {"name": " blank", "crops": [{"season": "Rabi"}]})
    ingester.edit("Farmer", " blank", modified=eighteenth)
    fault_on_pages(ingester, "Farmer", skip=1, action="html", status=200)
    assert (await ingester.run("Farmer")).outcome is Outcome.FAILED
    assert (await ingester.run("Farmer")).outcome is Outcome.COMPLETED
    await ingester.assert_equal("Farmer")


async def test_a_walk_that_broke_off_does_not_go_on_behind_what_may_still_be_committed(
    ingester: Ingester,
):
    ingester.inventory_rows, ingester.options = 15, {"page_rows": 20}
    for number in range(30):
        name = f"F-{number:02}"
        ingester.insert("Farmer", {"name": name})
        ingester.edit("Farmer", name, modified=site_time(minutes=2))
    fault_on_pages(ingester, "Farmer", skip=3, action="html", status=200)
    assert (await ingester.run("Farmer")).outcome is Outcome.FAILED
    assert await ingester.stored.count_documents({}) == 60
    ingester.insert("Farmer", {"name": "Committed late"})
    ingester.edit("Farmer", "Committed late", modified=site_time(minutes=5))
    assert (await ingester.run("Farmer")).outcome is Outcome.COMPLETED
    await ingester.assert_equal("Farmer")


@pytest.mark.parametrize(("minutes", "found"), [(-1, 1), (5, 1), (9, 1), (15, 0)])
async def test_a_large_doctype_is_asked_for_ten_minutes_before_its_high_water(
    ingester: Ingester, minutes: int, found: int
):
    ingester.inventory_rows, ingester.options = 15, {"page_rows": 20}
    ingester.edit("Farmer", "FMR-00001", modified=site_time(hours=1))
    await ingester.run("Farmer")
    ingester.insert("Farmer", {"name": "Late"})
    ingester.edit("Farmer", "Late", modified=site_time(hours=1, minutes=minutes))
    report = await ingester.report("Farmer")
    assert report.new == found
    assert report.seen < 5


async def test_a_run_of_a_large_doctype_that_was_idle_for_long_catches_up_in_pages(
    ingester: Ingester,
):
    ingester.inventory_rows, ingester.options = 15, {"page_rows": 20}
    await ingester.run("Sales Invoice")
    names = sorted(name for _, name in await ingester.read_store("Sales Invoice"))[:50]
    for name in names:
        ingester.edit("Sales Invoice", name, remarks="while nobody looked")
    report = await ingester.report("Sales Invoice")
    assert (report.new, report.changed) == (0, 50)
    await ingester.assert_equal("Sales Invoice")


@pytest.mark.parametrize("inventory_rows", [20_000, 50], ids=["small", "large"])
async def test_a_doctype_refused_in_the_middle_of_a_walk_goes_on_when_it_is_served_again(
    ingester: Ingester, inventory_rows: int
):
    ingester.inventory_rows, ingester.options = inventory_rows, {"page_rows": 20}
    fault_on_pages(
        ingester,
        "Sales Invoice",
        skip=3,
        times=None,
        action="status",
        status=403,
        exc_type="PermissionError",
    )
    run = await ingester.run("Sales Invoice", "Farmer")
    report = report_of(run, "Sales Invoice")
    assert (run.outcome, report.outcome) == (Outcome.COMPLETED, Outcome.DENIED)
    assert (report.new, report.unchanged) == (60, 0)
    assert await ingester.stored.count_documents({"doctype": "Sales Invoice"}) == 60
    ingester.site.control.clear_faults()
    ingester.site.control.stats(reset=True)
    report = await ingester.report("Sales Invoice")
    assert report.new == count_sample("Sales Invoice") - 60
    assert ingester.requests("list", "Sales Invoice") <= 1 + 2 * 4
    await ingester.assert_equal("Sales Invoice")
