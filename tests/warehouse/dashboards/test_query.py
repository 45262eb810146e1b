"""Grouped measures: exact sums, ratios divided last, balances never summed over time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.access.worlds import make_field, make_meta, read_rule
from tests.warehouse.dashboards.conftest import INVOICE, LINES, make_world
from tests.warehouse.transform.rules import LINES as RULE
from tests.warehouse.transform.rules import item, sale
from warehouse.dashboards.query import QueryRequest, query_dataset
from warehouse.datasets.data_quality import DATASET as QUALITY
from warehouse.datasets.declaration import Measure, MeasureKind, Upstream
from warehouse.datasets.registry import Registry
from warehouse.errors import AccessSnapshotStale, DatasetNeedsFullAccess, QueryRefused

if TYPE_CHECKING:
    from tests.transforming import Books
    from tests.warehouse.dashboards.conftest import Employee


async def ask(
    employee: Employee, slug: str, measure: str, by: str | None = None, **filters: str
) -> list[dict[str, Any]]:
    opened = await employee.open(slug)
    answered = await query_dataset(opened, QueryRequest(measure, by, tuple(filters.items())))
    return answered.groups


async def fill(books: Books) -> None:
    await books.put(item("RICE", "Grain"), item("SEED", "Input"))
    await books.put(
        sale("1", "2026-04-01", ("RICE", 0.1), ("RICE", 0.2), total=10.0),
        sale("2", "2026-05-01", ("RICE", 1.0), ("SEED", 5.0), company="Another", total=20.0),
    )
    await books.transform()


async def test_sums_are_exact_and_ratios_divided_last(books: Books, employee: Employee):
    await fill(books)
    assert await ask(employee, "monthly", "net,lines,rate", "item_group") == [
        {"item_group": "Grain", "net": Decimal("1.3"), "lines": 3, "rate": Decimal("0.433333333")},
        {"item_group": "Input", "net": 5, "lines": 1, "rate": 5},
    ]
    assert await ask(employee, "monthly", "net", "month,company") == [
        {"month": "2026-04", "company": "Co", "net": Decimal("0.3")},
        {"month": "2026-05", "company": "Another", "net": 6},
    ]
    assert await ask(employee, "monthly", "net", month__gte="2026-05") == [{"net": 6}]


async def test_the_lowest_and_the_highest_are_those_of_all_rows(books: Books, employee: Employee):
    await fill(books)
    assert await ask(employee, "monthly", "least,most") == [{"least": Decimal("0.1"), "most": 5}]
    assert await ask(employee, "monthly", "least,most,net", "item_group") == [
        {"item_group": "Grain", "least": Decimal("0.1"), "most": 1, "net": Decimal("1.3")},
        {"item_group": "Input", "least": 5, "most": 5, "net": 5},
    ]
    assert await ask(employee, "monthly", "most", month__exact="2026-04") == [
        {"most": Decimal("0.2")}
    ]


async def test_of_nothing_nothing_is_known(books: Books, employee: Employee):
    await fill(books)
    found = await ask(employee, "monthly", "net,rate", item_group__exact="None")
    assert found == []


async def test_balances_are_those_of_the_last_day_and_never_added_over_days(
    books: Books, employee: Employee
):
    await fill(books)
    books.now += timedelta(days=1)
    await books.put(sale("3", "2026-06-01", total=100.0))
    await books.transform("balance")
    assert await ask(employee, "balance", "balance") == [{"balance": 130}]
    assert await ask(employee, "balance", "balance", "company") == [
        {"company": "Another", "balance": 20},
        {"company": "Co", "balance": 110},
    ]
    assert await ask(employee, "balance", "balance", as_of__lte="2026-06-15") == [{"balance": 30}]
    assert await ask(employee, "balance", "balance", "as_of") == [
        {"as_of": "2026-06-15", "balance": 30},
        {"as_of": "2026-06-16", "balance": 130},
    ]


async def test_the_last_day_counts_even_if_nothing_is_left_on_it(books: Books, employee: Employee):
    await books.put(sale("1", "2026-04-01", total=10.0))
    await books.transform("balance")
    await books.remove("Sales Invoice", "1")
    books.now += timedelta(days=1)
    await books.transform("balance")
    assert await ask(employee, "balance", "balance") == []


async def test_balances_of_instances_whose_last_days_differ_are_each_of_its_own(
    books: Books, employee: Employee
):
    books.instances = ("other", "site")
    employee.worlds["other"] = make_world()
    await books.put(sale("1", "2026-04-01", total=10.0))
    await books.put(sale("1", "2026-04-01", total=5.0), instance="other")
    await books.transform("balance")
    books.now += timedelta(days=1)
    books.instances = ("site",)
    await books.transform("balance")
    assert await ask(employee, "balance", "balance") == [{"balance": 15}]


@pytest.mark.parametrize(
    ("measure", "by"), [("nett", None), ("net", "customer"), ("", None), ("net,net2", "month")]
)
async def test_what_there_is_not_is_refused(
    books: Books, employee: Employee, measure: str, by: str | None
):
    await fill(books)
    with pytest.raises(QueryRefused):
        await ask(employee, "monthly", measure, by)


async def test_aggregates_are_refused_naming_the_doctype(books: Books, employee: Employee):
    await fill(books)
    employee.worlds["site"].rules["Item"] = []
    for measure in ("net", "least", "most", "growth"):
        with pytest.raises(DatasetNeedsFullAccess, match="documents of Item"):
            await ask(employee, "monthly", measure)


async def test_a_restriction_that_a_column_keeps_apart_narrows_aggregates(
    books: Books, employee: Employee
):
    await fill(books)
    employee.worlds["site"].permit("Company", "Another")
    assert await ask(employee, "balance", "balance") == [{"balance": 20}]


@pytest.mark.parametrize(("allow", "value"), [("Customer", "A"), ("Item", "RICE")])
async def test_a_restriction_that_no_column_keeps_apart_refuses_aggregates(
    books: Books, employee: Employee, allow: str, value: str
):
    await fill(books)
    employee.worlds["site"].permit(allow, value)
    with pytest.raises(DatasetNeedsFullAccess, match="documents of"):
        await ask(employee, "monthly", "net")


async def test_neither_ownership_nor_shares_open_an_aggregate(books: Books, employee: Employee):
    await fill(books)
    world = employee.worlds["site"]
    world.rules["Sales Invoice"] = [read_rule(if_owner=True)]
    world.share("Sales Invoice", "1")
    world.share("Sales Invoice", "2")
    with pytest.raises(DatasetNeedsFullAccess, match="Sales Invoice"):
        await ask(employee, "balance", "balance")


async def test_a_hidden_field_refuses_aggregates_though_no_column_names_it(
    books: Books, employee: Employee
):
    await fill(books)
    secret = make_field("total", "Currency", permlevel=1)
    fields = [field for field in INVOICE["fields"] if field["fieldname"] != "total"]
    employee.worlds["site"].add_doctype(make_meta("Sales Invoice", *fields, secret))
    for slug, measure in (("balance", "balance"), ("monthly", "lines"), ("monthly", "least")):
        with pytest.raises(DatasetNeedsFullAccess, match="documents of Sales Invoice"):
            await ask(employee, slug, measure)


async def test_a_hidden_field_of_a_row_hides_the_measures_made_of_it(
    books: Books, employee: Employee
):
    await fill(books)
    of_net = [
        Measure("dearest", "Dearest", "INR", MeasureKind.MAX, of=("Sales Invoice.items.net",)),
        Measure("growth", "Growth", "%", MeasureKind.GROWTH, parts=("net",)),
        Measure("newcomers", "New", "", MeasureKind.NEW, parts=("customer", "net")),
        Measure("regulars", "Old", "", MeasureKind.RETURNING, parts=("customer", "net")),
    ]
    books.registry = Registry([replace(RULE, measures=(*RULE.measures, *of_net))])
    assert await ask(employee, "lines", "newcomers") == [{"newcomers": 1}]
    secret = make_field("net", "Currency", permlevel=1)
    meta = make_meta("Sales Invoice Item", *LINES["fields"][:2], secret)
    employee.worlds["site"].add_doctype(meta, is_child=True)
    for measure in ("net", *(one.name for one in of_net)):
        with pytest.raises(QueryRefused):
            await ask(employee, "lines", measure)


async def test_instances_that_refuse_are_named_beside_what_the_others_give(
    books: Books, employee: Employee
):
    books.instances = ("other", "site")
    await fill(books)
    await books.put(item("RICE", "Grain"), instance="other")
    await books.put(sale("9", "2026-04-01", ("RICE", 900.0)), instance="other")
    await books.transform()
    employee.worlds["other"] = make_world()
    employee.worlds["other"].rules["Item"] = []
    assert await ask(employee, "monthly", "net") == [{"net": Decimal("6.3")}]
    opened = await employee.open("monthly")
    [refusal] = opened.refusals
    assert (refusal.instance, refusal.doctype) == ("other", "Item")
    with pytest.raises(DatasetNeedsFullAccess):
        await employee.open("monthly", frozenset({"other"}))
    employee.stale = {"other"}
    with pytest.raises(AccessSnapshotStale):
        await employee.open("monthly", frozenset({"other"}))


async def test_of_a_doctypes_ingestion_only_those_are_told_who_may_see_all_of_it(
    books: Books, employee: Employee
):
    alone = [replace(one, evidence=(), is_across=False) for one in QUALITY.measures]
    quality = replace(QUALITY, sources=(Upstream("lines"),), measures=tuple(alone))
    books.registry = Registry([RULE, quality])
    await fill(books)
    for doctype in ("Sales Invoice", "Item", "Salary Slip"):
        await books.sync(doctype)
    await books.transform()
    told = [row["subject"] for row in await ask(employee, "data_quality", "rows", "subject")]
    assert told == ["Item", "Sales Invoice", "lines"]
