"""`--since`: the same path as any run, for what was saved since some time; it promises no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from warehouse.documents.control import Outcome, Run
from warehouse.ingestion.run import Limits, ingest_instance
from warehouse.ingestion.task import Selection

if TYPE_CHECKING:
    from tests.ingesting import Ingester

INVOICE = "Sales Invoice"
PAGES = {"kind": "list", "doctype": INVOICE, "contains": '["*"]'}


async def run_since(ingester: Ingester, since: str) -> Run:
    selection = Selection(frozenset({INVOICE}), since=since)
    limits = Limits(inventory_rows=ingester.inventory_rows)
    return await ingest_instance(ingester.erp, limits, selection, ingester.surroundings)


async def middle_of(ingester: Ingester) -> tuple[str, set[str]]:
    """Return a moment, and the invoices that were saved since."""
    documents = (await ingester.read_site(INVOICE)).values()
    moment = sorted(document["modified"] for document in documents)[60]
    return moment, {each["name"] for each in documents if each["modified"] >= moment}


@pytest.mark.parametrize("inventory_rows", [20_000, 15], ids=["by name", "in pages"])
async def test_what_was_saved_since_is_pulled_and_the_next_run_finds_the_rest(
    ingester: Ingester, inventory_rows: int
):
    ingester.inventory_rows, ingester.options = inventory_rows, {"page_rows": 20}
    moment, recent = await middle_of(ingester)
    run = await run_since(ingester, moment)
    assert run.outcome is Outcome.COMPLETED
    assert {name for _, name in await ingester.read_store()} == recent
    state = await ingester.state(INVOICE)
    assert (state.high_water, state.position, state.verified_at) == (None, None, None)
    await ingester.run(INVOICE)
    await ingester.assert_equal(INVOICE)


async def test_one_that_broke_off_does_not_make_the_next_run_begin_where_it_stopped(
    ingester: Ingester,
):
    ingester.inventory_rows, ingester.options = 15, {"page_rows": 10}
    moment, _ = await middle_of(ingester)
    ingester.site.control.fault("maintenance", match=PAGES, skip=2, times=None)
    assert (await run_since(ingester, moment)).outcome is Outcome.DEFERRED
    ingester.site.control.clear_faults()
    assert (await ingester.run(INVOICE)).outcome is Outcome.COMPLETED
    await ingester.assert_equal(INVOICE)


async def test_it_leaves_a_pass_over_everything_where_it_is(ingester: Ingester):
    ingester.inventory_rows, ingester.options = 15, {"page_rows": 20}
    ingester.site.control.fault("maintenance", match=PAGES, skip=2, times=None)
    await ingester.run(INVOICE)
    position = (await ingester.state(INVOICE)).position
    assert position
    ingester.site.control.clear_faults()
    await run_since(ingester, position["modified"])
    assert (await ingester.state(INVOICE)).position == position
    await ingester.run(INVOICE)
    await ingester.assert_equal(INVOICE)


async def test_it_removes_nothing(ingester: Ingester):
    await ingester.run(INVOICE)
    moment, recent = await middle_of(ingester)
    ingester.delete(INVOICE, min(recent), trace=False)
    assert (await run_since(ingester, moment)).totals.deleted == 0
    assert await ingester.find(INVOICE, min(recent))
