"""Documents that can't be stored: kept aside with their reason, tried again, and let go."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.ingesting import Ingester, report_of
from warehouse.documents.control import Outcome, RejectedDocument
from warehouse.documents.status import read_status

MAX_BSON_BYTES = 16 * 1024 * 1024
TOO_MUCH = {
    "beyond 64 bits": (2**63, "OverflowError"),
    "beyond 64 bits, unsigned": (2**64, "OverflowError"),
    "far beyond 64 bits": (-(2**200), "OverflowError"),
    "16 MB": ("x" * MAX_BSON_BYTES, "too_large"),
    "17 MB": ("ర" * (17 * 2**20 // 3), "too_large"),
}
too_much = pytest.mark.parametrize(("value", "code"), TOO_MUCH.values(), ids=TOO_MUCH)


async def rejected(doctype: str = "Customer") -> list[RejectedDocument]:
    return await RejectedDocument.find({"instance": "site", "doctype": doctype}).to_list()


def spoil(ingester: Ingester, name: str, value: Any = 2**70) -> None:
    ingester.edit("Customer", name, customer_details=value)


async def a_customer(ingester: Ingester) -> str:
    return min(name for _, name in await ingester.read_site("Customer"))


@too_much
async def test_a_document_that_mongodb_cannot_hold_is_kept_aside_and_its_page_is_stored(
    ingester: Ingester, value: int | str, code: str
):
    name = await a_customer(ingester)
    spoil(ingester, name, value)
    run = await ingester.run("Customer")
    report = report_of(run, "Customer")
    assert (run.outcome, report.outcome) == (Outcome.COMPLETED, Outcome.COMPLETED)
    assert (report.rejected, report.new) == (1, report.seen - 1)
    assert report.unchanged == 0
    (record,) = await rejected()
    assert (record.name, record.code, record.run_id) == (name, code, run.id)
    assert record.reason
    there = await ingester.read_site("Customer")
    assert record.raw
    assert json.loads(zlib.decompress(record.raw)) == there["Customer", name]
    assert len(zlib.decompress(record.raw)) == record.raw_bytes
    del there["Customer", name]
    assert await ingester.read_store("Customer") == there


async def test_a_document_just_below_the_limit_is_stored(ingester: Ingester):
    name = await a_customer(ingester)
    spoil(ingester, name, "x" * (MAX_BSON_BYTES - 20_000))
    report = await ingester.report("Customer")
    assert (report.rejected, report.new) == (0, report.seen)


async def test_several_on_one_page_are_each_kept_aside(ingester: Ingester):
    names = [f"Spoilt {number}" for number in range(6)]
    ingester.insert("Customer", *({"name": name} for name in names))
    for name, (value, _) in zip(names, [*TOO_MUCH.values(), ("fine", "")], strict=True):
        spoil(ingester, name, value)
    report = await ingester.report("Customer")
    assert report.rejected == 5
    assert {record.name for record in await rejected()} == set(names[:5])
    assert ("Customer", names[5]) in await ingester.read_store("Customer")


async def test_rejected_documents_are_counted_in_the_status(ingester: Ingester):
    spoil(ingester, await a_customer(ingester))
    run = await ingester.run("Customer", "Item")
    assert run.totals.rejected == 1
    (status,) = await read_status(["site"], datetime.now(UTC))
    assert status.rejected == 1
    assert {line.doctype: line.rejected for line in status.doctypes} == {"Customer": 1, "Item": 0}


async def test_a_rejected_change_leaves_what_was_stored_before(ingester: Ingester):
    name = await a_customer(ingester)
    await ingester.run("Customer")
    before = await ingester.find("Customer", name)
    spoil(ingester, name)
    report = await ingester.report("Customer")
    assert (report.rejected, report.changed) == (1, 0)
    assert await ingester.find("Customer", name) == before


async def test_it_is_tried_at_every_run_and_kept_once(ingester: Ingester):
    spoil(ingester, await a_customer(ingester))
    await ingester.run("Customer")
    (first,) = await rejected()
    assert (await ingester.report("Customer")).rejected == 1
    (second,) = await rejected()
    assert second.rejected_at > first.rejected_at
    assert second.run_id > first.run_id


@pytest.mark.parametrize("modified", ["now", None], ids=["saved", "silently"])
@pytest.mark.parametrize("inventory_rows", [20_000, 3], ids=["small", "large"])
async def test_a_mended_document_is_stored_and_let_go(
    ingester: Ingester, inventory_rows: int, modified: str | None
):
    ingester.inventory_rows, ingester.options = inventory_rows, {"page_rows": 20}
    name = await a_customer(ingester)
    spoil(ingester, name)
    await ingester.run("Customer")
    ingester.edit("Customer", name, modified=modified, customer_details="mended")
    report = await ingester.report("Customer")
    assert (report.rejected, report.new) == (0, 1)
    assert not await rejected()
    await ingester.assert_equal("Customer")


async def test_a_stored_document_spoilt_and_mended_without_a_trace_is_let_go(ingester: Ingester):
    name = await a_customer(ingester)
    await ingester.run("Customer")
    ingester.edit("Customer", name, modified=None, customer_details=2**70)
    assert (await ingester.report("Customer", full=True)).rejected == 1
    ingester.edit("Customer", name, modified=None, customer_details="mended")
    assert (await ingester.report("Customer")).changed == 1
    assert not await rejected()


@pytest.mark.parametrize("inventory_rows", [20_000, 3], ids=["small", "large"])
async def test_a_rejected_document_that_was_deleted_is_let_go(
    ingester: Ingester, inventory_rows: int
):
    ingester.inventory_rows, ingester.options = inventory_rows, {"page_rows": 20}
    name = await a_customer(ingester)
    spoil(ingester, name)
    await ingester.run("Customer")
    assert await rejected()
    ingester.site.control.do("delete", doctype="Customer", name=name)
    await ingester.run("Customer")
    assert not await rejected()


async def test_a_rejected_single_is_let_go_when_it_is_as_before(ingester: Ingester):
    await ingester.run("Farmer Settings")
    before = (await ingester.find("Farmer Settings", "Farmer Settings"))["document_data"]
    field = next(key for key, value in before.items() if isinstance(value, float))
    ingester.edit("Farmer Settings", "Farmer Settings", None, **{field: 2**70})
    assert (await ingester.report("Farmer Settings")).rejected == 1
    assert await rejected("Farmer Settings")
    ingester.edit("Farmer Settings", "Farmer Settings", None, **{field: before[field]})
    assert (await ingester.run("Farmer Settings")).totals.rejected == 0
    assert not await rejected("Farmer Settings")


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 403, "exc_type": "PermissionError"},
        {"action": "status", "status": 500, "exc_type": "KeyError"},
        {"action": "keyless"},
        {"action": "html", "status": 200},
    ],
    ids=["403", "500", "keyless", "html"],
)
async def test_a_single_read_that_fails_rejects_that_document_only(
    ingester: Ingester, fault: dict[str, Any]
):
    ingester.site.control.do("refuse", doctype="Farmer Crop")
    match = {"kind": "read", "doctype": "Farmer", "contains": "FMR-00007"}
    ingester.site.control.fault(**fault, match=match, times=None)
    report = await ingester.report("Farmer")
    assert (report.outcome, report.rejected) == (Outcome.COMPLETED, 1)
    assert report.new == report.seen - 1
    (record,) = await rejected("Farmer")
    assert (record.name, record.code, record.raw) == ("FMR-00007", "unreadable", None)
    assert "singly" in record.reason
    ingester.site.control.clear_faults()
    await ingester.run("Farmer")
    assert not await rejected("Farmer")
    await ingester.assert_equal("Farmer")
