"""Rows that are parts of documents: a person sees those of the documents that they may see."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.access.worlds import make_field, make_meta, read_rule
from tests.warehouse.dashboards.conftest import INVOICE, LINES, make_world
from tests.warehouse.transform.rules import LINES as RULE
from tests.warehouse.transform.rules import item, sale
from warehouse.dashboards.columns import RowColumns
from warehouse.dashboards.rows import EXPORT_LIMIT_MS, plan_rows, read_row_page
from warehouse.datasets.declaration import Dimension, Measure, MeasureKind
from warehouse.datasets.registry import Registry
from warehouse.documents.raw import raw_model
from warehouse.errors import AccessSnapshotStale, QueryRefused
from warehouse.reading.cursors import CursorSealer
from warehouse.reading.documents import LIMIT_MS
from warehouse.reading.listing import ListRequest

if TYPE_CHECKING:
    from tests.transforming import Books
    from tests.warehouse.dashboards.conftest import Employee

SEALER = CursorSealer("secret")


def line(name: str, warehouse: str | None, net: float = 1.0) -> dict[str, Any]:
    row = {"name": name, "item_code": "RICE", "net": net}
    return row | ({"warehouse": warehouse} if warehouse else {})


async def fill(books: Books) -> None:
    """Four invoices: of Asha, of Ravi, of Ravi's with two warehouses, and of nobody's customer."""
    await books.put(item("RICE", "Grain"))
    await books.put(
        sale("ASHA", "2026-04-01", customer="Asha", owner="u@x", items=[line("1", "North")]),
        sale("RAVI", "2026-04-02", customer="Ravi", items=[line("2", "North")]),
        sale(
            "BOTH",
            "2026-05-01",
            customer="Ravi",
            items=[line("3", "North"), line("4", "South")],
        ),
        sale("BARE", "2026-05-02", customer="", items=[line("5", None)]),
    )
    await books.transform("lines")


async def seen(employee: Employee, slug: str = "lines", **asked: Any) -> list[str]:
    opened = await employee.open(slug)
    page = await read_row_page(opened, employee.subject, ListRequest(**asked), SEALER)
    return [row.get("line", row.get("name")) for row in page.rows]


async def test_whoever_may_see_all_documents_sees_all_rows(books: Books, employee: Employee):
    await fill(books)
    assert await seen(employee) == [*"12534"]


async def test_a_stranger_sees_no_row(books: Books, employee: Employee):
    await fill(books)
    employee.worlds["site"].roles = set()
    assert await seen(employee) == []
    assert (await employee.open("lines")).live == ()


async def test_whoever_sees_no_row_of_an_instance_is_told_nothing_of_its_builds(
    books: Books, employee: Employee
):
    await books.put(item("RICE", "Grain"))
    await books.transform("lines")
    await books.put(sale("DRAFT", "2026-04-01", docstatus=0))
    await books.transform("lines")
    # There is no row, and nobody is kept from one.
    assert [one.rows for one in (await employee.open("lines")).live] == [0]
    await fill(books)
    employee.worlds["site"].permit("Company", "Another")
    opened = await employee.open("lines")
    assert opened.given == {"site"}
    assert opened.live == ()
    employee.worlds["site"] = make_world().permit("Customer", "Asha")
    assert len((await employee.open("lines")).live) == len(("2026-04", "2026-05"))


async def test_of_an_instance_that_is_not_linked_nothing_is_seen(books: Books, employee: Employee):
    await fill(books)
    await books.put(item("RICE", "Grain"), instance="other")
    await books.put(sale("THEIRS", "2026-04-01", ("RICE", 9.0)), instance="other")
    books.instances = ("other", "site")
    await books.transform("lines")
    assert "THEIRS-1" not in await seen(employee)
    assert await seen(employee, filters=(("instance__exact", "other"),)) == []
    employee.worlds["other"] = make_world()
    assert "THEIRS-1" in await seen(employee)


@pytest.mark.parametrize(
    ("allow", "value", "lines"),
    [
        ("Customer", "Asha", "15"),
        ("Customer", "Ravi", "2345"),
        ("Warehouse", "North", "125"),
        ("Warehouse", "Nowhere", "5"),
        ("Item", "RICE", "12345"),
        ("Item", "SEED", ""),
        ("Company", "Co", "12345"),
        ("Company", "Another", ""),
    ],
)
async def test_user_permissions_are_judged_on_rows_as_on_their_documents(
    books: Books, employee: Employee, allow: str, value: str, lines: str
):
    await fill(books)
    employee.worlds["site"].permit(allow, value)
    assert sorted(await seen(employee)) == [*lines]


async def test_strict_user_permissions_refuse_what_is_empty(books: Books, employee: Employee):
    await fill(books)
    world = employee.worlds["site"]
    world.is_strict = True
    world.permit("Warehouse", "North", "South")
    assert sorted(await seen(employee)) == [*"1234"]


async def test_two_employees_see_different_rows(books: Books, employee: Employee):
    await fill(books)
    employee.worlds["site"].permit("Customer", "Asha")
    first = await seen(employee)
    employee.worlds["site"] = make_world().permit("Customer", "Ravi").permit("Warehouse", "South")
    assert (sorted(first), sorted(await seen(employee))) == ([*"15"], [*"5"])


async def test_owners_see_the_rows_of_what_they_own(books: Books, employee: Employee):
    await fill(books)
    employee.worlds["site"].rules["Sales Invoice"] = [read_rule(if_owner=True)]
    employee.worlds["site"].permit("Customer", "Ravi")
    assert await seen(employee) == ["1"]


async def test_shares_open_the_rows_of_what_is_shared(books: Books, employee: Employee):
    await fill(books)
    world = employee.worlds["site"]
    world.rules["Sales Invoice"] = []
    world.share("Sales Invoice", "BOTH")
    assert sorted(await seen(employee)) == [*"34"]


async def test_permission_for_one_document_opens_its_rows_only(books: Books, employee: Employee):
    await fill(books)
    employee.worlds["site"].permit("Sales Invoice", "RAVI")
    assert await seen(employee) == ["2"]


async def test_rows_that_do_not_carry_a_link_are_hidden_until_they_do(
    books: Books, employee: Employee
):
    await fill(books)
    territory = make_field("territory", "Link", "Territory")
    widened = make_meta("Sales Invoice", *INVOICE["fields"], territory)
    world = employee.worlds["site"]
    world.add_doctype(widened)
    world.permit("Territory", "Telangana")
    assert await seen(employee) == []
    await books.describe("Sales Invoice", widened, LINES)
    await books.transform("lines")
    assert sorted(await seen(employee)) == [*"12345"]


async def test_a_document_that_was_not_read_whole_is_hidden_from_the_restricted(
    books: Books, employee: Employee
):
    await fill(books)
    invoices = raw_model("site").get_pymongo_collection()
    await invoices.update_many({"name": "ASHA"}, {"$unset": {"content_hash": ""}})
    await books.transform("lines", full=True)
    assert len(await seen(employee)) == 5
    employee.worlds["site"].permit("Customer", "Asha")
    assert await seen(employee) == ["5"]


async def test_rows_with_too_many_links_to_carry_are_hidden_and_not_shown(
    books: Books, employee: Employee
):
    await books.put(item("RICE", "Grain"))
    many = [line(f"{number}", f"W{number}") for number in range(101)]
    await books.put(sale("LONG", "2026-04-01", items=many))
    await books.transform("lines")
    world = employee.worlds["site"]
    assert len(await seen(employee, size=500)) == 101
    world.permit("Warehouse", *(f"W{number}" for number in range(101)))
    assert await seen(employee) == []


async def test_hidden_fields_are_not_shown_filtered_nor_sorted_by(books: Books, employee: Employee):
    await fill(books)
    secret = make_field("net", "Currency", permlevel=1)
    world = employee.worlds["site"]
    world.add_doctype(make_meta("Sales Invoice Item", *LINES["fields"][:2], secret), is_child=True)
    opened = await employee.open("lines")
    page = await read_row_page(opened, employee.subject, ListRequest(), SEALER)
    assert all("net" not in row for row in page.rows)
    for asked in ({"filters": (("net__gt", "1"),)}, {"sort": "net"}, {"fields": "net"}):
        with pytest.raises(QueryRefused):
            await seen(employee, **asked)


def hide(employee: Employee, *names: str) -> None:
    """Put fields of invoices above what the employee may read."""
    fields = [one for one in INVOICE["fields"] if one["fieldname"] not in names]
    secret = [make_field(name, permlevel=1) for name in names]
    employee.worlds["site"].add_doctype(make_meta("Sales Invoice", *fields, *secret))


async def test_a_cursor_tells_nothing_of_the_row_that_it_stands_at(
    books: Books, employee: Employee
):
    await fill(books)
    hide(employee, "company")
    opened = await employee.open("lines")
    cursors = []
    for sort in (None, "-customer"):
        asked = ListRequest(sort=sort, size=1)
        page = await read_row_page(opened, employee.subject, asked, SEALER)
        cursors.append(str(page.next_cursor))
        held = urlsafe_b64decode(cursors[-1].partition(".")[0] + "==")
        assert b"Co" not in held
        assert b"2026-04" not in held
    assert len({len(cursor) for cursor in cursors}) == 1
    for wrong, code in ((f"A{cursors[0][1:]}", "invalid"), (cursors[1], "mismatch")):
        with pytest.raises(QueryRefused) as refused:
            await seen(employee, size=1, cursor=wrong)
        assert refused.value.code == f"cursor_{code}"


async def test_rows_do_not_stand_in_the_order_of_a_hidden_field(books: Books, employee: Employee):
    await books.put(item("RICE", "Grain"))
    for name, company, day in (("1", "Z", "2026-05-01"), ("2", "A", "2026-06-01"),
                               ("3", "M", "2026-04-01")):  # fmt: skip
        more = {"company": company, "items": [line(name, None)]}
        await books.put(sale(name, day, **more))
    await books.transform("lines")
    assert await seen(employee) == [*"312"]
    assert await seen(employee, sort="company") == [*"231"]
    hide(employee, "company", "posting_date")
    for sort, expected in ((None, "123"), ("item_code", "123"), ("-item_code", "321")):
        found, cursor = [], None
        opened = await employee.open("lines")
        while not found or cursor:
            asked = ListRequest(sort=sort, size=1, cursor=cursor)
            page = await read_row_page(opened, employee.subject, asked, SEALER)
            found += [row["line"] for row in page.rows]
            cursor = page.next_cursor
        assert found == [*expected]


async def test_with_a_field_goes_all_that_is_derived_from_it(books: Books, employee: Employee):
    await fill(books)
    newcomers = Measure("newcomers", "New", "", MeasureKind.NEW, parts=("customer", "net"))
    books.registry = Registry([replace(RULE, measures=(*RULE.measures, newcomers))])
    hide(employee, "posting_date")
    opened = await employee.open("lines")
    assert opened.hidden == {"month", "net"}
    page = await read_row_page(opened, employee.subject, ListRequest(), SEALER)
    assert len(page.rows) == len("12345")
    assert not any("month" in row for row in page.rows)
    for asked in ({"filters": (("month__exact", "2026-04"),)}, {"sort": "month"}):
        with pytest.raises(QueryRefused):
            await seen(employee, **asked)
    assert "newcomers" not in RowColumns.of(opened).measures
    assert "month" not in RowColumns.of(opened).dimensions


async def test_columns_of_a_doctype_that_may_not_be_read_are_hidden(
    books: Books, employee: Employee
):
    await fill(books)
    employee.worlds["site"].rules["Item"] = []
    opened = await employee.open("lines")
    assert opened.hidden == {"item_group"}
    assert len(await seen(employee)) == 5


async def test_columns_of_a_looked_up_doctype_are_for_whoever_may_read_all_of_it(
    books: Books, employee: Employee
):
    await fill(books)
    world = employee.worlds["site"]
    world.permit("Item Group", "Grain")
    assert (await employee.open("lines")).hidden == {"item_group"}
    world.share("Item", "RICE")
    world.rules["Item"] = []
    assert (await employee.open("lines")).hidden == {"item_group"}


async def test_columns_that_compare_documents_are_for_whoever_may_see_all_that_is_compared(
    books: Books, employee: Employee
):
    twin = Dimension("twin", "Twin", evidence=("Sales Invoice.customer",))
    dataset = replace(RULE, dimensions=(*RULE.dimensions, twin))
    books.registry = Registry([dataset])
    assert (await employee.open("lines")).hidden == set()
    employee.worlds["site"].permit("Customer", "Asha")
    assert (await employee.open("lines")).hidden == {"twin"}
    employee.worlds["site"] = make_world()
    secret = make_field("customer", "Link", "Customer", permlevel=1)
    fields = [one for one in INVOICE["fields"] if one["fieldname"] != "customer"]
    employee.worlds["site"].add_doctype(make_meta("Sales Invoice", *fields, secret))
    assert (await employee.open("lines")).hidden == {"customer", "twin"}


async def test_without_a_snapshot_in_force_nothing_is_shown(books: Books, employee: Employee):
    await fill(books)
    employee.stale = {"site"}
    with pytest.raises(AccessSnapshotStale):
        await employee.open("lines")


async def test_only_what_an_index_sorts_is_exported_for_long(books: Books, employee: Employee):
    opened = await employee.open("lines")
    assert plan_rows(opened, ListRequest()).limit_ms == EXPORT_LIMIT_MS
    assert plan_rows(opened, ListRequest(sort="-net")).limit_ms == LIMIT_MS


async def test_pages_follow_each_other_in_any_order(books: Books, employee: Employee):
    await books.put(item("RICE", "Grain"))
    amounts = [0.1, 0.1, 2.5, 10.0, -3.0]
    lines = [line(f"{number}", None, net) for number, net in enumerate(amounts)]
    await books.put(sale("INV", "2026-04-01", items=lines))
    await books.transform("lines")
    opened = await employee.open("lines")
    for sort, expected in ((None, "01234"), ("net", "40123"), ("-net", "32104")):
        found: list[str] = []
        cursor = None
        while True:
            asked = ListRequest(sort=sort, size=2, cursor=cursor)
            page = await read_row_page(opened, employee.subject, asked, SEALER)
            found += [row["line"] for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found == [*expected]


async def test_a_walk_goes_on_over_a_new_build(books: Books, employee: Employee):
    await fill(books)
    first = await employee.open("lines")
    page = await read_row_page(first, employee.subject, ListRequest(size=2), SEALER)
    await books.put(sale("ASHA", "2026-04-01", items=[line("1", "North", 7.0)]))
    await books.transform("lines")
    opened = await employee.open("lines")
    asked = ListRequest(size=50, cursor=page.next_cursor)
    rest = await read_row_page(opened, employee.subject, asked, SEALER)
    found = [row["line"] for row in (*page.rows, *rest.rows)]
    assert sorted(found) == [*"12345"]


async def test_exact_amounts_are_found_by_filters(books: Books, employee: Employee):
    await fill(books)
    await books.put(sale("CENTS", "2026-04-01", items=[line("6", None, 0.1)]))
    await books.transform("lines")
    assert await seen(employee, filters=(("net__exact", "0.1"),)) == ["6"]
    assert await seen(employee, filters=(("net__between", "0.1,0.10"),)) == ["6"]
