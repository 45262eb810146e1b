"""What becomes of figures without a rate to INR: no row is lost, no money is 0, and it is said."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.warehouse.datasets.golden import load, put_books
from tests.warehouse.datasets.test_rates import COMPANY, exchange
from warehouse.datasets.registry import load_registry

if TYPE_CHECKING:
    from tests.transforming import Books

Document = dict[str, Any]

# Dataset → its stored measures in rupees.
MONEY = {
    slug: names
    for slug, dataset in load_registry().datasets.items()
    if (
        names := [
            one.name for one in dataset.measures if one.kind.is_stored and "INR" in one.unit.split()
        ]
    )
}


async def read(books: Books) -> dict[str, list[Document]]:
    """Return the rows of the company that keeps its books in dollars."""
    rows = {slug: await books.rows(slug) for slug in MONEY}
    return {
        slug: [row for row in found if row["instance"] == "two"] for slug, found in rows.items()
    }


def forget(row: Document, name: str) -> set[Any]:
    """Return what a figure may be without a rate: null, or the 0 that no rate makes another."""
    return {None} if Decimal(row[name] or 0) else {None, "0"}


async def test_without_a_rate_every_row_stays_and_its_money_is_null(books: Books):
    await put_books(books)
    await books.transform("items", "parties", *MONEY)
    rated = await read(books)
    for one in load("books")["two"]:
        if one["doctype"] == "Currency Exchange":
            await books.remove(one["doctype"], one["name"], instance="two")
    reports = await books.transform("items", "parties", *MONEY)
    unrated = await read(books)
    for slug, names in MONEY.items():
        assert len(unrated[slug]) == len(rated[slug]) > 0, slug
        for before, after in zip(rated[slug], unrated[slug], strict=True):
            wrong = [name for name in names if after[name] not in forget(before, name)]
            assert wrong == [], (slug, before, after)
            assert after["rate_missing"] > 0, (slug, after)
        builds = [one for one in reports[slug].built if one.slot.instance == "two" and one.rows]
        checks = [check for one in builds for check in one.checks if check.code == "has_rate"]
        assert [check.passed for check in checks] == [False] * len(builds), slug
        assert not reports[slug].failed


def sell(number: int, day: str) -> Document:
    line = {"name": f"line-{number}", "item_code": "SEED", "stock_qty": 1, "base_net_amount": 100}
    return {
        "doctype": "Sales Invoice",
        "name": f"SI-{number}",
        "docstatus": 1,
        "company": "Abroad",
        "customer": "Asha",
        "posting_date": day,
        "base_net_total": 100,
        "items": [line],
    }


async def test_a_sum_of_which_one_line_has_no_rate_is_null(books: Books):
    invoices = [sell(number, f"2025-06-{number}") for number in (10, 20, 21)]
    await books.put(COMPANY, exchange("2025-06-15", 80), *invoices, instance="two")
    slugs = {"sales_monthly": "net", "gross_margin": "net", "receivables_ageing": "net_sales_90d"}
    reports = await books.transform("items", "parties", "sales_lines", *slugs)
    for slug, name in slugs.items():
        [row] = await books.rows(slug)
        assert (row[name], row["rate_missing"]) == (None, 1), slug
        assert not any(tie.differing for one in reports[slug].built for tie in one.tie_outs)
    lines = await books.rows("sales_lines")
    assert [row["net"] for row in lines] == [None, "8000", "8000"]
