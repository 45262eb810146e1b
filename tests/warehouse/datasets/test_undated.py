"""Documents without a date: kept aside, counted, and no hindrance to those that have one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.datasets.golden import fill, load, put_books
from tests.warehouse.datasets.test_properties import SLUGS, VOUCHERS

if TYPE_CHECKING:
    from tests.transforming import Books

Document = dict[str, Any]

DATED = {*VOUCHERS, "GL Entry", "Payment Ledger Entry"}
UNDATED = ({"posting_date": None}, {"posting_date": ""}, {"posting_date": "soon", "due_date": ""})
# What of the golden books would have become a row.
KEPT_ASIDE = {
    "sales_lines": {"C1": 1, "C2": 1, "C4": 1, "C6": 1, "date_missing": 9},
    "procurement_lines": {"C1": 1, "date_missing": 5},
    "farmer_payments": {"C1": 1, "date_missing": 3},
    "gross_margin": {"date_missing": 6},
    "collections_cash": {"date_missing": 6},
}


def undate(document: Document, without: Document) -> Document:
    return document | without | {"name": f"{document['name']}-undated"}


@pytest.mark.parametrize("without", UNDATED, ids=["null", "empty", "no date"])
async def test_a_document_without_a_date_is_kept_aside(books: Books, without: Document):
    await put_books(books)
    await books.transform(*SLUGS)
    dated = {slug: await books.rows(slug) for slug in SLUGS}
    documents = [fill("one", one) for one in load("books")["one"] if one["doctype"] in DATED]
    await books.put(*(undate(one, without) for one in documents), instance="one")
    reports = await books.transform(*SLUGS)
    assert {slug: report.failed for slug, report in reports.items() if report.failed} == {}
    assert {slug: await books.rows(slug) for slug in SLUGS} == dated
    rejected = {
        slug: {key: one.rejected[key] for one in report.built for key in one.rejected}
        for slug, report in reports.items()
    }
    assert {slug: counts for slug, counts in rejected.items() if counts} == KEPT_ASIDE
