"""Whole runs against a sample site in a process of its own, into a real mongod."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.ingesting import Ingester, down, report_of
from warehouse.documents.control import Instance, Outcome, Run, SyncState
from warehouse.errors import ErpUnauthorized
from warehouse.ingestion import active_run
from warehouse.ingestion.run import Surroundings

DOCTYPES = ("Customer", "Farmer", "Item", "Sales Invoice", "Payment Entry", "Field Visit")


async def test_everything_the_policy_stores_is_stored_as_single_reads_give_it(ingester: Ingester):
    run = await ingester.run()
    assert run.outcome is Outcome.COMPLETED
    assert run.totals.new == await ingester.stored.count_documents({})
    await ingester.assert_equal(*DOCTYPES)


async def test_what_the_policy_keeps_out_is_not_stored(ingester: Ingester):
    await ingester.run()
    stored = await ingester.stored.distinct("doctype")
    assert not {"User", "Custom Field", "System Settings", "Version", "DocType"} & set(stored)
    assert not {"Sales Invoice Item", "Farmer Crop"} & set(stored)


async def test_a_second_run_writes_and_pulls_nothing(ingester: Ingester):
    first = await ingester.run()
    before = await ingester.stored.find().sort("_id").to_list()
    second = await ingester.run()
    assert second.outcome is Outcome.COMPLETED
    assert second.totals.new == second.totals.changed == 0
    assert second.totals.unchanged == first.totals.new
    assert await ingester.stored.find().sort("_id").to_list() == before


async def test_a_quiet_run_asks_about_once_per_doctype(ingester: Ingester):
    await ingester.run()
    ingester.site.control.stats(reset=True)
    run = await ingester.run()
    doctypes = run.quiet + len(run.doctypes)
    assert ingester.site.control.stats()["total"] <= doctypes + 9


async def test_a_single_doctype_is_one_document(ingester: Ingester):
    await ingester.run("Farmer Settings")
    row = await ingester.find("Farmer Settings", "Farmer Settings")
    assert row["document_data"]["doctype"] == "Farmer Settings"
    assert await ingester.stored.count_documents({}) == 1


async def test_integer_names_are_stored_as_strings_beside_the_original(ingester: Ingester):
    await ingester.run("Field Visit")
    row = await ingester.stored.find_one({"doctype": "Field Visit"})
    assert row
    assert isinstance(row["document_data"]["name"], int)
    assert row["name"] == str(row["document_data"]["name"])


async def test_a_changed_and_a_new_document_are_pulled_and_nothing_else(ingester: Ingester):
    await ingester.run("Customer")
    name = (await ingester.stored.find_one({"doctype": "Customer"}) or {})["name"]
    ingester.site.control.do(
        "edit", doctype="Customer", name=name, values={"tax_id": "T-1"}, modified="now"
    )
    ingester.site.control.do("insert", doctype="Customer", document={"name": "Arrived late"})
    report = report_of(await ingester.run("Customer"), "Customer")
    assert (report.new, report.changed) == (1, 1)
    assert (await ingester.find("Customer", name))["document_data"]["tax_id"] == "T-1"
    await ingester.assert_equal("Customer")


async def test_a_document_that_moved_back_in_time_is_pulled(ingester: Ingester):
    await ingester.run("Customer")
    name = (await ingester.stored.find_one({"doctype": "Customer"}) or {})["name"]
    ingester.site.control.do(
        "edit",
        doctype="Customer",
        name=name,
        values={"tax_id": "T-2"},
        modified="2020-01-01 00:00:00",
    )
    await ingester.run("Customer")
    assert (await ingester.find("Customer", name))["document_data"]["tax_id"] == "T-2"


async def test_a_full_run_finds_what_no_modified_tells(ingester: Ingester):
    await ingester.run("Customer")
    name = (await ingester.stored.find_one({"doctype": "Customer"}) or {})["name"]
    ingester.site.control.do("edit", doctype="Customer", name=name, values={"tax_id": "T-3"})
    assert (await ingester.run("Customer")).totals.changed == 0
    assert (await ingester.run("Customer", full=True)).totals.changed == 1
    await ingester.assert_equal("Customer")


async def test_a_large_doctype_is_walked_in_pages_and_then_asked_for_what_is_new(
    ingester: Ingester,
):
    ingester.inventory_rows, ingester.options = 40, {"page_rows": 20}
    await ingester.run("Sales Invoice")
    await ingester.assert_equal("Sales Invoice")
    state = await SyncState.find_one(SyncState.doctype == "Sales Invoice")
    assert state
    assert state.position is None
    assert state.high_water
    name = (await ingester.stored.find_one({"doctype": "Sales Invoice"}) or {})["name"]
    ingester.site.control.do(
        "edit", doctype="Sales Invoice", name=name, values={"remarks": "new"}, modified="now"
    )
    report = report_of(await ingester.run("Sales Invoice"), "Sales Invoice")
    assert report.changed == 1
    assert report.seen < 40
    await ingester.assert_equal("Sales Invoice")


async def test_a_denied_doctype_is_no_failure_and_loses_no_document(ingester: Ingester):
    await ingester.run("Customer", "Item")
    stored = await ingester.stored.count_documents({"doctype": "Customer"})
    ingester.site.control.do("refuse", doctype="Customer")
    run = await ingester.run("Customer", "Item")
    assert run.outcome is Outcome.COMPLETED
    assert report_of(run, "Customer").outcome is Outcome.DENIED
    assert await ingester.stored.count_documents({"doctype": "Customer"}) == stored


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"action": "status", "status": 500, "exc_type": "KeyError"}, "erp_rejected"),
        ({"action": "html", "status": 200}, "erp_contract_broken"),
        ({"action": "garbage"}, "erp_contract_broken"),
        ({"action": "keyless"}, "erp_contract_broken"),
        ({"action": "cut"}, "erp_unavailable"),
        ({"action": "html", "status": 502}, "erp_unavailable"),
    ],
    ids=["500", "html", "garbage", "keyless", "cut", "502"],
)
async def test_a_failing_doctype_is_named_and_stops_no_other(
    ingester: Ingester, fault: dict[str, object], code: str
):
    ingester.site.control.fault(**fault, match={"doctype": "Customer"}, times=None)
    run = await ingester.run("Customer", "Farmer", "Item")
    assert run.outcome is Outcome.PARTIAL
    report = report_of(run, "Customer")
    assert report.outcome is Outcome.FAILED
    assert report.failure
    assert report.failure.code == code
    assert report.failure.cure
    await ingester.assert_equal("Farmer", "Item")
    ingester.site.control.clear_faults()
    assert (await ingester.run("Customer", "Farmer", "Item")).outcome is Outcome.COMPLETED
    await ingester.assert_equal("Customer", "Farmer", "Item")


async def test_a_passing_fault_is_retried_and_counted(ingester: Ingester):
    ingester.site.control.fault("cut", match={"doctype": "Customer"}, times=2)
    run = await ingester.run("Customer")
    assert run.outcome is Outcome.COMPLETED
    assert run.totals.retries == 2


@pytest.mark.parametrize("action", ["throttle", "maintenance"])
async def test_a_site_that_wants_no_more_requests_defers_the_rest(ingester: Ingester, action: str):
    ingester.site.control.fault(action, match={"doctype": "Customer"}, times=None)
    run = await ingester.run()
    assert run.outcome is Outcome.DEFERRED
    assert run.failure
    assert run.unreached
    ingester.site.control.clear_faults()
    assert (await ingester.run()).outcome is Outcome.COMPLETED
    await ingester.assert_equal(*DOCTYPES)


async def test_a_refused_key_stops_the_instance_at_once(ingester: Ingester):
    ingester.site.control.fault("unauthorized", times=None)
    run = await ingester.run()
    assert run.outcome is Outcome.FAILED
    assert run.failure
    assert run.failure.code == ErpUnauthorized.code
    assert run.totals.requests == 1


async def test_a_site_that_is_down_fails_soon_and_says_what_to_do(ingester: Ingester):
    ingester.surroundings = Surroundings(transport=down(), sleep=ingester.surroundings.sleep)
    run = await ingester.run()
    assert run.outcome is Outcome.FAILED
    assert run.failure
    assert "did not answer" in run.failure.message
    assert run.failure.cure
    assert run.totals.requests <= 5


async def test_a_site_that_goes_down_in_the_middle_is_given_up_and_healed_by_the_next_run(
    ingester: Ingester,
):
    ingester.site.control.fault("cut", skip=30, times=None)
    run = await ingester.run()
    assert run.outcome is Outcome.PARTIAL
    assert run.unreached
    assert run.failure
    ingester.site.control.clear_faults()
    assert (await ingester.run()).outcome is Outcome.COMPLETED
    await ingester.assert_equal(*DOCTYPES)


async def test_an_error_that_nobody_expected_is_on_record_without_the_names_in_it(
    ingester: Ingester, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def break_down(*_: object) -> None:
        raise KeyError("Asha Rao")

    monkeypatch.setattr(active_run, "read_catalog", break_down)
    run = await ingester.run()
    assert (run.outcome, run.finished_at is not None) == (Outcome.FAILED, True)
    assert run.failure
    assert (run.failure.code, run.failure.cure != "") == ("unexpected_error", True)
    assert "Unexpected KeyError at " in run.failure.message
    assert run.failure.message in caplog.text
    assert "Asha" not in run.failure.message + caplog.text


async def test_a_run_and_its_site_are_on_record(ingester: Ingester):
    run = await ingester.run("Customer")
    record, instance = await Run.get(run.id), await Instance.get("site")
    assert record
    assert instance
    assert record.outcome is Outcome.COMPLETED
    assert record.finished_at
    assert record.finished_at - record.started_at < timedelta(minutes=1)
    assert instance.time_zone == "Asia/Kolkata"
    assert instance.versions["frappe"]
    # The site's four facts, the catalog's three lists, two feeds, one inventory, one meta, a page,
    # its child tables, its second look.
    assert record.totals.requests == 12 + 5 + 1
    assert record.totals.received_bytes > 10_000


async def test_a_doctype_that_does_not_exist_is_an_error_with_its_name(ingester: Ingester):
    run = await ingester.run("Custmer")
    assert run.outcome is Outcome.FAILED
    assert run.failure
    assert "Custmer" in run.failure.message
