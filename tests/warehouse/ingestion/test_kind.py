"""A DocType becomes another kind of thing: virtual, a child table, a Single, and back."""

from __future__ import annotations

import pytest

from tests.describing import create_doctypes, list_doctype
from tests.ingesting import Ingester, report_of
from warehouse.documents.control import Outcome
from warehouse.documents.drift import Drift

KIND = "Zz Kind"


async def drifts(ingester: Ingester) -> list[tuple[str | None, Drift]]:
    return [(event.doctype, event.drift) for event in await ingester.read_drift()]


@pytest.mark.parametrize("kind", ["is_virtual", "istable"])
async def test_a_doctype_that_turns_virtual_or_table_is_frozen_and_thaws(
    ingester: Ingester, kind: str
):
    ingester.options = {"include": ("Farmer", "Customer")}
    await ingester.run()
    before = await ingester.read_store("Farmer")
    list_doctype(ingester, "Farmer", **{kind: 1})
    run = await ingester.run()
    assert run.outcome is Outcome.COMPLETED
    assert await ingester.read_store("Farmer") == before
    assert (await ingester.state("Farmer")).frozen_at
    list_doctype(ingester, "Farmer", **{kind: 0})
    await ingester.run()
    assert (await ingester.state("Farmer")).frozen_at is None
    assert await drifts(ingester) == [
        ("Farmer", Drift.DOCTYPE_REMOVED),
        ("Farmer", Drift.DOCTYPE_ADDED),
    ]
    await ingester.assert_equal("Farmer", "Customer")


@pytest.fixture
async def table(ingester: Ingester) -> Ingester:
    """A store that knows `Zz Kind` as a table of three documents."""
    ingester.options = {"include": ("Zz*",)}
    create_doctypes(ingester, KIND)
    ingester.insert(KIND, *({"name": name} for name in ("one", "two", "three")))
    await ingester.run()
    return ingester


async def test_the_documents_of_a_table_that_turned_single_go_to_the_tombstones(table: Ingester):
    list_doctype(table, KIND, issingle=1)
    report = report_of(await table.run(), KIND)
    assert (report.outcome, report.new, report.deleted) == (Outcome.COMPLETED, 1, 3)
    assert await drifts(table) == [(KIND, Drift.DOCTYPE_KIND_CHANGED)]
    assert {name for _, name in await table.read_store()} == {KIND}
    buried = await table.buried()
    assert {name: row["reason"] for name, row in buried.items()} == dict.fromkeys(
        ("one", "two", "three"), "vanished"
    )
    assert (await table.state(KIND)).documents == 1
    assert (await table.run()).totals.deleted == 0


async def test_a_single_that_turned_table_again_restores_them(table: Ingester):
    list_doctype(table, KIND, issingle=1)
    await table.run()
    list_doctype(table, KIND, issingle=0)
    assert (await table.run()).outcome is Outcome.COMPLETED
    await table.assert_equal(KIND)
    restored = {name: bool(row["restored_at"]) for name, row in (await table.buried()).items()}
    assert restored == {"one": True, "two": True, "three": True, KIND: False}
    assert (await table.state(KIND)).documents == 3


async def test_more_than_is_believed_are_kept_until_an_operator_says_so(table: Ingester):
    table.insert(KIND, *({"name": f"more {number}"} for number in range(18)))
    await table.run()
    list_doctype(table, KIND, issingle=1)
    report = report_of(await table.run(), KIND)
    assert (report.outcome, report.absent, report.deleted) == (Outcome.SUSPECT, 21, 0)
    assert report.failure
    assert "--accept-deletes" in report.failure.cure
    assert len(await table.read_store()) == (await table.state(KIND)).documents == 22
    report = report_of(await table.reconcile(KIND, accept_deletes=True), KIND)
    assert (report.outcome, report.deleted) == (Outcome.COMPLETED, 21)
    assert {name for _, name in await table.read_store()} == {KIND}
    assert (await table.state(KIND)).documents == 1


async def test_a_kind_that_the_erp_takes_back_between_two_looks_removes_nothing(table: Ingester):
    list_doctype(table, KIND, issingle=1)
    back = {"do": "describe", "doctype": KIND, "values": {"issingle": 0}}
    match = {"kind": "list", "doctype": "DocType"}
    table.site.control.fault("edit", match=match, skip=1, changes=[back])
    assert (await table.run()).totals.deleted == 0
    assert {"one", "two", "three"} <= {name for _, name in await table.read_store()}
