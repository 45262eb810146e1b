"""Rows and documents agree: a row is seen if and only if its document is, whoever looks."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from tests.warehouse.access.worlds import EMPLOYEE, read_rule
from tests.warehouse.dashboards.conftest import make_world
from tests.warehouse.transform.rules import item, sale
from warehouse.access.compiler import compile_access
from warehouse.access.verdict import Access
from warehouse.documents.business import rows_of
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from tests.transforming import Books
    from tests.warehouse.access.worlds import World
    from tests.warehouse.dashboards.conftest import Employee

COMPANIES, CUSTOMERS = ("C1", "C2"), ("A", "B", "")
WAREHOUSES: tuple[tuple[str | None, ...], ...] = (
    ("North",),
    ("North", "South"),
    (None,),
    (None, "South"),
    ("", "North"),
)
# What a User Permission names, and what it allows.
PERMISSIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Company", ("C1",)),
    ("Customer", ("A", "Z")),
    ("Warehouse", ("North",)),
    ("Warehouse", ("Elsewhere",)),
    ("Item", ("RICE",)),
    ("Sales Invoice", ("INV-3", "INV-7")),
)


def documents() -> list[dict[str, Any]]:
    found = []
    for number, (company, customer, places) in enumerate(product(COMPANIES, CUSTOMERS, WAREHOUSES)):
        lines = [
            {"name": f"{number}-{index}", "item_code": "RICE", "net": 1.0}
            | ({} if place is None else {"warehouse": place})
            for index, place in enumerate(places)
        ]
        owner = EMPLOYEE if number % 4 == 0 else "o@x"
        more = {"company": company, "customer": customer, "items": lines, "owner": owner}
        found.append(sale(f"INV-{number}", f"2026-0{4 + number % 3}-01", **more))
    return found


def worlds() -> list[World]:
    found = []
    for strict, owned, shared in product((False, True), repeat=3):
        for first, second in product((None, *PERMISSIONS), (None, PERMISSIONS[2])):
            world = make_world()
            world.is_strict = strict
            if owned:
                world.rules["Sales Invoice"] = [read_rule(if_owner=True)]
            if shared:
                world.share("Sales Invoice", "INV-5")
            for allow, values in filter(None, (first, second)):
                world.permit(allow, *values)
            found.append(world)
    return found


async def names_by_documents(world: World) -> set[str]:
    access = compile_access(world.snapshot(), EMPLOYEE, "Sales Invoice")
    if not isinstance(access, Access):
        return set()
    invoices = raw_model("site").get_pymongo_collection()
    chosen = {"doctype": "Sales Invoice", **access.condition}
    return {row["name"] async for row in invoices.find(chosen, {"name": 1})}


async def names_by_rows(employee: Employee) -> set[str]:
    opened = await employee.open("lines")
    return set(await rows_of("lines").distinct("source.name", opened.condition))


async def test_rows_are_seen_if_and_only_if_their_documents_are(books: Books, employee: Employee):
    await books.put(item("RICE", "Grain"), *documents())
    await books.transform("lines")
    sizes = set()
    for world in worlds():
        employee.worlds["site"] = world
        expected = await names_by_documents(world)
        assert await names_by_rows(employee) == expected, world
        sizes.add(len(expected))
    assert len(sizes) > 8
