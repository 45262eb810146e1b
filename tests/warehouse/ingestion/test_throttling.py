"""An ERP that wants no more requests or is in maintenance: the rest is deferred at once."""

from __future__ import annotations

import pytest

from tests.ingesting import Ingester, report_of
from tests.sample_books import count_sample
from warehouse.documents.control import Outcome
from warehouse.ingestion.run import Surroundings

DOCTYPES = ("Customer", "Farmer", "Sales Invoice")
HOUR = 3600
PAGES = {"kind": "list", "doctype": "Sales Invoice", "contains": '["*"]'}


@pytest.fixture
def waits(ingester: Ingester) -> list[float]:
    """The seconds that a run would have slept."""
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    ingester.surroundings = Surroundings(sleep=wait)
    ingester.options = {"page_rows": 20, "include": DOCTYPES}
    return waited


@pytest.mark.parametrize(
    ("action", "code", "said"),
    [
        ("throttle", "erp_throttled", "in 3600 s"),
        ("maintenance", "erp_in_maintenance", "in maintenance"),
    ],
)
async def test_a_run_that_is_stopped_ends_as_deferred_and_the_next_one_goes_on(
    ingester: Ingester, waits: list[float], action: str, code: str, said: str
):
    ingester.inventory_rows = 15
    ingester.site.control.fault(action, match=PAGES, skip=2, times=None, retry_after=HOUR)
    run = await ingester.run()
    assert run.outcome is Outcome.DEFERRED
    assert run.failure
    assert (run.failure.code, waits) == (code, [])
    assert said in run.failure.message
    assert "next run" in run.failure.cure
    report = next(each for each in run.doctypes if each.doctype == "Sales Invoice")
    assert report.outcome is Outcome.DEFERRED
    # Of the pages under way, some may have lacked their child tables.
    assert report.new <= 40
    assert bool((await ingester.state("Sales Invoice")).position) == bool(report.new)
    ingester.site.control.clear_faults()
    again = await ingester.run()
    assert again.outcome is Outcome.COMPLETED
    assert report_of(again, "Sales Invoice").new == count_sample("Sales Invoice") - report.new
    await ingester.assert_equal(*DOCTYPES)


@pytest.mark.parametrize("action", ["throttle", "maintenance"])
async def test_a_site_that_stops_at_the_catalog_defers_the_run(
    ingester: Ingester, waits: list[float], action: str
):
    match = {"kind": "list", "doctype": "DocType"}
    ingester.site.control.fault(action, match=match, times=None, retry_after=HOUR)
    run = await ingester.run()
    assert (run.outcome, waits) == (Outcome.DEFERRED, [])


async def test_a_run_stops_before_it_eats_into_what_is_left_for_the_people(
    ingester: Ingester, waits: list[float]
):
    ingester.options |= {"max_concurrency": 1}
    plenty = {"X-RateLimit-Limit": "600000", "X-RateLimit-Reset": "394"}
    low = plenty | {"X-RateLimit-Remaining": "149999"}
    ingester.site.control.fault("headers", match=PAGES, skip=1, headers=low)
    enough = plenty | {"X-RateLimit-Remaining": "150000"}
    ingester.site.control.fault("headers", match=PAGES, times=1, headers=enough)
    run = await ingester.run()
    assert run.outcome is Outcome.DEFERRED
    assert run.failure
    assert run.failure.code == "erp_throttled"
    assert "25%" in run.failure.message
    assert "394 s" in run.failure.message
    assert waits == []
    assert run.totals.requests == ingester.site.control.stats()["total"]
    assert await ingester.stored.count_documents({"doctype": "Sales Invoice"}) <= 20
    ingester.site.control.clear_faults()
    assert (await ingester.run()).outcome is Outcome.COMPLETED
    await ingester.assert_equal(*DOCTYPES)


async def test_a_site_with_enough_left_is_read_to_the_end(ingester: Ingester, waits: list[float]):
    headers = {
        "X-RateLimit-Limit": "600000",
        "X-RateLimit-Remaining": "150000",
        "X-RateLimit-Reset": "394",
    }
    ingester.site.control.fault("headers", times=None, headers=headers)
    run = await ingester.run()
    assert (run.outcome, waits) == (Outcome.COMPLETED, [])


async def test_a_deferred_run_removes_nothing_and_leaves_the_feeds_for_the_next(
    ingester: Ingester, waits: list[float]
):
    await ingester.run()
    ingester.delete("Sales Invoice", *await two_invoices(ingester))
    looks = {"kind": "list", "doctype": "Sales Invoice", "contains": '["name","in",'}
    ingester.site.control.fault("throttle", match=looks, times=None, retry_after=HOUR)
    assert (await ingester.run()).outcome is Outcome.DEFERRED
    assert await ingester.buried() == {}
    ingester.site.control.clear_faults()
    run = await ingester.run()
    assert (run.outcome, run.totals.deleted) == (Outcome.COMPLETED, 2)
    assert {row["reason"] for row in (await ingester.buried()).values()} == {"deleted"}


async def two_invoices(ingester: Ingester) -> list[str]:
    return sorted(name for _, name in await ingester.read_store("Sales Invoice"))[:2]
