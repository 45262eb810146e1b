"""What those are told of the real datasets who may see some of the documents only."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.access.worlds import World, make_field, make_meta, read_rule
from tests.warehouse.dashboards.conftest import Employee
from tests.warehouse.datasets.golden import fill, put_books, with_upstreams
from warehouse.dashboards.query import QueryRequest, query_dataset
from warehouse.dashboards.rows import plan_rows
from warehouse.datasets.registry import load_registry
from warehouse.errors import QueryRefused
from warehouse.reading.listing import ListRequest

if TYPE_CHECKING:
    from tests.transforming import Books

RECEIPT, INVOICE = "Purchase Receipt", "Purchase Invoice"


def make_open_world(slug: str) -> World:
    """Return a site where an employee may read all that a dataset is made of."""
    dataset, world = load_registry().get(slug), World()
    links: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for dimension in dataset.dimensions:
        for path in dimension.of if dimension.link else ():
            doctype, _, name = path.partition(".")
            links[doctype][name] = str(dimension.link)
            world.add_doctype(make_meta(str(dimension.link)))
    for doctype, names in load_registry().doctypes_under(dataset).items():
        fields = [
            make_field(name, "Link", links[doctype][name])
            if name in links[doctype]
            else make_field(name)
            for name in names
            if "." not in name
        ]
        world.add_doctype(make_meta(doctype, *fields))
        world.grant(doctype, read_rule())
    return world


async def ask(
    employee: Employee, slug: str, measure: str, by: str | None = None, **filters: str
) -> list[dict[str, Any]]:
    opened = await employee.open(slug)
    asked = QueryRequest(measure, by, tuple(filters.items()))
    return (await query_dataset(opened, asked)).groups


async def buy(books: Books, name: str, supplier: str, qty: int, rate: int) -> None:
    line = {"name": name, "item_code": "TOOR", "item_name": "Red Gram", "stock_uom": "Kg"}
    line |= {"warehouse": "Stores", "qty": qty, "uom": "Kg", "conversion_factor": 1}
    line |= {"stock_qty": qty, "base_amount": qty * rate, "base_net_amount": qty * rate}
    bill = {"doctype": INVOICE, "name": name, "posting_date": "2025-07-01", "supplier": supplier}
    await books.put(fill("one", bill | {"items": [line]}), instance="one")


@pytest.fixture
async def employee(books: Books) -> Employee:
    """An employee of `one` alone, who reads everything of procurement there."""
    return Employee(books, {"one": make_open_world("procurement_season")})


def restrict(employee: Employee, allow: str, value: str, *doctypes: str) -> None:
    for doctype in doctypes:
        employee.worlds["one"].permit(allow, value, applicable_for=doctype)


async def test_who_sees_one_supplier_is_not_told_the_rates_and_weights_of_the_others(
    books: Books, employee: Employee
):
    await put_books(books)
    await buy(books, "OWN", "Asha Agro", 1, 10)
    for number in range(5):
        await buy(books, f"DEAR-{number}", "Ravi", 100, 90)
    await books.transform(*with_upstreams("procurement_season"))
    everything = await ask(employee, "procurement_season", "rate_p50,top10_share", "supplier")
    assert {group["supplier"] for group in everything} >= {"Asha Agro", "Ravi"}
    restrict(employee, "Supplier", "Asha Agro", RECEIPT, INVOICE)
    own = {"crop__exact": "red gram"}
    [group] = await ask(employee, "procurement_season", "rate_per_kg", "supplier", **own)
    assert group == {"supplier": "Asha Agro", "rate_per_kg": 10}
    for name in ("rate_p50", "median_amount", "top_kg", "top10_share"):
        with pytest.raises(QueryRefused, match=f"no {name}"):
            await ask(employee, "procurement_season", name, "supplier")
    hidden = (await employee.open("procurement_season")).hidden
    assert hidden == {"median_amount", "top_kg"}


async def test_who_sees_one_company_is_told_the_medians_within_it(books: Books, employee: Employee):
    await put_books(books)
    await books.transform(*with_upstreams("procurement_season"))
    restrict(employee, "Company", "Sahaja", RECEIPT, INVOICE)
    assert (await employee.open("procurement_season")).hidden == set()
    groups = await ask(employee, "procurement_season", "rate_p50", "supplier")
    assert {"supplier": "Ravi", "rate_p50": 65} in groups


async def test_stock_that_a_hidden_reconciliation_set_is_not_told(books: Books, employee: Employee):
    await put_books(books)
    await books.transform(*with_upstreams("stock_snapshot"))
    employee.worlds["one"] = make_open_world("stock_snapshot")
    restrict(employee, "Warehouse", "Stores", "Stock Ledger Entry")
    assert (await employee.open("stock_snapshot")).hidden == set()
    employee.worlds["one"] = make_open_world("stock_snapshot")
    restrict(employee, "UOM", "Kg", "Stock Ledger Entry")
    hidden = (await employee.open("stock_snapshot")).hidden
    assert hidden >= {"qty", "qty_kg", "negative", "aged_0_15", "aged_61_plus"}
    assert not hidden & {"value", "issued_30d", "near_expiry"}


async def test_who_sees_some_parties_is_not_told_which_of_them_are_one(
    books: Books, employee: Employee
):
    await put_books(books)
    await books.transform(*with_upstreams("receivables_ageing"))
    employee.worlds["one"] = make_open_world("receivables_ageing")
    assert (await employee.open("receivables_ageing")).hidden == set()
    restrict(employee, "Territory", "Warangal", "Customer")
    assert "party_id" in (await employee.open("receivables_ageing")).hidden


async def test_who_sees_some_invoices_is_not_told_what_returns_take_back_of_the_others(
    books: Books, employee: Employee
):
    await put_books(books)
    await books.transform(*with_upstreams("sales_lines"))
    employee.worlds["one"] = make_open_world("sales_lines")
    assert not (await employee.open("sales_lines")).hidden & {"value_only", "qty_billed"}
    restrict(employee, "Territory", "Warangal", "Sales Invoice")
    assert (await employee.open("sales_lines")).hidden >= {"value_only", "qty_billed"}


TOLD = {
    "parties": {"method", "confidence", "doubt", "matched"},
    "items": {"method", "confidence"},
    "data_quality": {"matched"},
}


@pytest.mark.parametrize("slug", TOLD)
async def test_of_a_match_is_told_whoever_sees_what_was_compared_in_every_instance(
    books: Books, employee: Employee, slug: str
):
    await put_books(books)
    await books.transform(*with_upstreams(slug))
    whole = make_open_world(slug)

    async def hidden(only: frozenset[str] | None = None) -> frozenset[str]:
        return (await employee.open(slug, only)).hidden

    employee.worlds = {"one": whole}
    assert await hidden() == await hidden(frozenset({"one"})) == TOLD[slug]
    employee.worlds = {"one": whole, "two": whole}
    assert await hidden() == await hidden(frozenset({"one"})) == set()
    narrow = make_open_world(slug)
    for doctype in ("Customer", "Item"):
        narrow.permit(doctype, "Nobody", applicable_for=doctype)
    employee.worlds = {"one": whole, "two": narrow}
    assert await hidden(frozenset({"one"})) == TOLD[slug]
    employee.worlds, employee.stale = {"one": whole, "two": whole}, {"two"}
    assert await hidden(frozenset({"one"})) == TOLD[slug]


async def test_a_match_that_is_not_told_is_neither_filtered_sorted_nor_grouped_by(
    books: Books, employee: Employee
):
    await put_books(books)
    await books.transform("parties")
    employee.worlds = {"one": make_open_world("parties")}
    opened = await employee.open("parties")
    for asked in (
        ListRequest(filters=(("instance__exact", "one"), ("method__exact", "gstin"))),
        ListRequest(sort="-confidence"),
        ListRequest(fields="doubt"),
    ):
        with pytest.raises(QueryRefused):
            plan_rows(opened, asked)
    for measure, by in (("matched", None), ("matched_share", None), ("doubts", None)):
        with pytest.raises(QueryRefused):
            await ask(employee, "parties", measure, by)
    with pytest.raises(QueryRefused):
        await ask(employee, "parties", "records", "method")
