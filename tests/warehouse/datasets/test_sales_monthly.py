"""Who is new, and what grew: measures that look at other months than those that are asked for.

Worked out by hand on these sales before tax, of which SEED is 40; it is 15 July 2025:

| month   | Asha | Bina | Chitra | Dev  |
| ------- | ---- | ---- | ------ | ---- |
| 2024-05 | 100  |      |        |      |
| 2024-06 |      | 80   |        |      |
| 2024-12 | 500  |      |        |      |
| 2025-05 | 150  |      | -20    |      |
| 2025-06 | 50   |      | 30     | 40   |
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.datasets.asking import ask
from tests.warehouse.datasets.golden import fill, load
from warehouse.datasets.registry import Registry, load_registry

if TYPE_CHECKING:
    from tests.transforming import Books

SLUGS = ("items", "parties", "sales_lines", "sales_monthly")
CUSTOMERS = "customers,customers_new,customers_repeat"
SALES = (
    ("1", "2024-05-10", "Asha", "TOOR", 100),
    ("2", "2024-06-10", "Bina", "TOOR", 80),
    ("3", "2024-12-10", "Asha", "TOOR", 500),
    ("4", "2025-05-10", "Asha", "TOOR", 150),
    ("5", "2025-05-11", "Chitra", "TOOR", -20),
    ("6", "2025-06-10", "Asha", "TOOR", 50),
    ("7", "2025-06-11", "Chitra", "TOOR", 30),
    ("8", "2025-06-12", "Dev", "SEED", 40),
)


def sell(name: str, day: str, customer: str, item: str, net: int, **more: Any) -> dict[str, Any]:
    """Return an invoice of one line; one below 0 is a return."""
    line = {"name": f"{name}-1", "item_code": item, "stock_qty": 1, "base_net_amount": net}
    invoice = {"doctype": "Sales Invoice", "name": name, "posting_date": day, "items": [line]}
    parties = {"customer": customer, "is_return": int(net < 0), "territory": "Medak"}
    return fill("one", invoice | parties | more)


@pytest.fixture
async def sold(books: Books) -> Books:
    """The sales above, with the items and the company of the golden books."""
    masters = [one for one in load("books")["one"] if one["doctype"] in {"Company", "Item"}]
    books.registry = Registry(load_registry().get(slug) for slug in SLUGS)
    names = ("Asha", "Bina", "Chitra", "Dev")
    customers = [{"doctype": "Customer", "name": one, "customer_name": one} for one in names]
    await books.put(*masters, *customers, *(sell(*one) for one in SALES), instance="one")
    await books.transform(*SLUGS)
    return books


async def count(by: str | None = None, **filters: str) -> list[tuple[Any, ...]]:
    return [tuple(one.values()) for one in await ask("sales_monthly", CUSTOMERS, by, **filters)]


async def grown(by: str | None = None, **filters: str) -> list[tuple[Any, ...]]:
    found = await ask("sales_monthly", "growth_yoy", by, **filters)
    return [tuple(one.values()) for one in found]


async def test_a_customer_is_new_in_the_month_of_the_first_invoice(sold: Books):
    assert await count("month") == [
        ("2024-05", 1, 1, 0),
        ("2024-06", 1, 1, 0),
        ("2024-12", 1, 0, 1),
        # Chitra has only sent something back: neither new nor of before.
        ("2025-05", 2, 0, 1),
        ("2025-06", 3, 2, 1),
    ]
    # Whoever is new within a period is not of before.
    assert await count() == [(4, 4, 0)]
    assert await count(month__gte="2025-05") == [(3, 2, 1)]
    assert await count("fiscal_year") == [("2024-25", 2, 2, 0), ("2025-26", 3, 2, 1)]


async def test_only_what_is_seen_is_looked_back_at(sold: Books):
    late = {"month": {"$gte": "2025-01"}}
    found = await ask("sales_monthly", f"{CUSTOMERS},growth_yoy", "month", seen=late)
    assert [tuple(one.values()) for one in found] == [
        ("2025-05", 2, 1, 0, None),
        ("2025-06", 3, 2, 1, None),
    ]


async def test_a_filter_of_something_else_makes_no_customer_new(sold: Books):
    more = sell("9", "2025-07-01", "Asha", "SEED", 5)
    await sold.put(more, more | {"name": "10", "company": "Another"}, instance="one")
    await sold.transform(*SLUGS)
    of_maize = await count("month", crop__exact="maize", company__exact="Sahaja")
    assert of_maize == [("2025-06", 1, 1, 0), ("2025-07", 1, 0, 1)]
    # To another company everybody is new once.
    assert await count("company", month__exact="2025-07") == [
        ("Another", 1, 1, 0),
        ("Sahaja", 1, 0, 1),
    ]
    assert await count(company__exact="Another", month__exact="2025-07") == [(1, 1, 0)]
    assert await count(month__exact="2025-07") == [(1, 0, 1)]


async def test_an_invoice_that_comes_late_changes_who_is_new_in_months_that_stay(sold: Books):
    draft = sell("D", "2024-04-01", "Dev", "SEED", 5, docstatus=0)
    opening = sell("O", "2024-04-01", "Dev", "SEED", 5, is_opening="Yes")
    await sold.put(draft, opening, instance="one")
    await sold.transform(*SLUGS)
    assert (await count("month"))[-1] == ("2025-06", 3, 2, 1)
    await sold.put(draft | {"docstatus": 1}, instance="one")
    reports = await sold.transform(*SLUGS)
    assert [one.slot.month for one in reports["sales_monthly"].built] == ["2024-04"]
    assert (await count("month"))[-1] == ("2025-06", 3, 1, 2)


async def test_records_that_are_one_party_are_one_customer(sold: Books):
    known = {"doctype": "Customer", "gstin": "36AAACA1234B1Z5"}
    same = (known | {"name": one, "customer_name": one} for one in ("Asha", "Dev"))
    await sold.put(*same, instance="one")
    await sold.transform(*SLUGS)
    assert (await count("month"))[-1] == ("2025-06", 2, 1, 1)


async def test_a_month_or_year_is_compared_with_its_like_of_the_year_before(sold: Books):
    assert await grown("month") == [
        ("2024-05", None),
        ("2024-06", None),
        ("2024-12", None),
        ("2025-05", 30),  # 130 and 100
        ("2025-06", 50),  # 120 and 80
    ]
    # 250 and 180: the 500 of December are yet to be compared with.
    expected = Decimal("38.888888889")
    assert await grown("fiscal_year") == [("2024-25", None), ("2025-26", expected)]
    assert await grown(fiscal_year__exact="2025-26") == [(expected,)]
    assert await grown(month__between="2025-05,2025-06") == [(expected,)]
    # 210 of red gram and 180; of maize nothing was sold the year before.
    assert await grown("fiscal_quarter,crop", fiscal_year__exact="2025-26") == [
        ("Q1", "maize", None),
        ("Q1", "red gram", Decimal("16.666666667")),
    ]
    assert await grown(month__exact="2025-06", crop__exact="red gram") == [(0,)]
    assert await grown() == [(None,)]
    assert await grown("crop") == [("maize", None), ("red gram", None)]
    measures = "net,growth_yoy,customers_new,avg_invoice"
    assert await ask("sales_monthly", measures, month__exact="2025-05") == [
        {"net": 130, "growth_yoy": 30, "customers_new": 0, "avg_invoice": 130}
    ]


async def test_a_year_that_is_over_is_compared_with_all_of_the_one_before(sold: Books):
    sold.now = sold.now.replace(year=2026, month=4)
    await sold.put(sell("2", "2024-06-10", "Bina", "TOOR", -80), instance="one")
    await sold.transform(*SLUGS)
    # 250 and 520.
    assert await grown(fiscal_year__exact="2025-26") == [(Decimal("-51.923076923"),)]
    # Of less than nothing there is no share.
    assert await grown(month__exact="2025-06") == [(None,)]
