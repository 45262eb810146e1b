"""A plan counts what an ingestion would pull, and pulls nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sample_books import count_sample
from warehouse.ingestion.plan import Plan, PlannedDocType, make_plan
from warehouse.ingestion.run import Limits, open_look
from warehouse.ingestion.task import Depth, Selection

if TYPE_CHECKING:
    from tests.ingesting import Ingester

DOCTYPES = ("Customer", "Farmer", "Farmer Settings", "Sales Invoice")


async def plan(ingester: Ingester, *doctypes: str, depth: Depth = Depth.CHANGES) -> Plan:
    selection = Selection(frozenset(doctypes), depth)
    async with open_look(ingester.erp, Limits(), ingester.surroundings) as run:
        return await make_plan(run, selection)


def counts(made: Plan) -> dict[str, tuple[int | None, int]]:
    return {each.doctype: (each.in_erp, each.stored) for each in made.doctypes}


async def test_an_empty_store_plans_everything_and_stays_empty(ingester: Ingester):
    made = await plan(ingester, *DOCTYPES)
    expected = {
        doctype: (len(await ingester.read_site(doctype)) if doctype != "Farmer Settings" else 1, 0)
        for doctype in DOCTYPES
    }
    assert counts(made) == expected
    assert made.documents == sum(in_erp for in_erp, _ in expected.values())
    assert (made.instance, made.denied) == ("site", [])
    assert await ingester.stored.count_documents({}) == 0


async def test_no_row_is_asked_for(ingester: Ingester):
    await plan(ingester, "Customer", "Farmer")
    for doctype in ("Customer", "Farmer"):
        assert ingester.requests("list", doctype) == 0
        assert ingester.requests("read", doctype) == 0
        assert ingester.requests("count", doctype) == 1


async def test_what_is_stored_is_planned_only_when_everything_is_asked_for(ingester: Ingester):
    ingester.options = {"page_rows": 20}
    run = await ingester.run(*DOCTYPES)
    ingester.insert("Farmer", {"name": "new"}, {"name": "newer"})
    made = await plan(ingester, *DOCTYPES)
    assert (made.documents, made.requests) == (2, len(DOCTYPES) + 4)
    farmers = count_sample("Farmer")
    assert counts(made)["Farmer"] == (farmers + 2, farmers)
    assert made.seconds > 0
    whole = await plan(ingester, *DOCTYPES, depth=Depth.EVERYTHING)
    assert whole.documents == run.totals.new + 2
    assert whole.requests > made.requests


async def test_what_the_key_may_not_read_is_named(ingester: Ingester):
    ingester.site.control.do("refuse", doctype="Farmer")
    made = await plan(ingester, "Customer", "Farmer")
    assert made.denied == ["Farmer"]
    assert counts(made)["Farmer"] == (None, 0)


def test_a_plan_is_in_requests_and_seconds_of_a_measured_erpnext():
    doctypes = [PlannedDocType("Big", 10_001, 1), PlannedDocType("Fewer", 5, 9)]
    made = Plan("site", 1000, [*doctypes, PlannedDocType("Denied", None, 3)])
    assert made.documents == 10_000
    assert made.requests == 3 + 10 * 4
    assert made.seconds == round(43 / 30 + 10_000 / 500, 1)
    assert made.denied == ["Denied"]
