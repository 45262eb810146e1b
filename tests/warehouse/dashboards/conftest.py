"""Books of `site` and `other`, transformed, and two sites' permission tables over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.warehouse.access.worlds import EMPLOYEE, World, make_field, make_meta, read_rule
from tests.warehouse.transform.conftest import books  # noqa: F401 - a fixture
from warehouse.access.compiler import compile_access
from warehouse.dashboards.opening import Datasets, OpenDataset
from warehouse.errors import AccessSnapshotStale
from warehouse.reading.subject import Subject

if TYPE_CHECKING:
    from tests.transforming import Books
    from warehouse.access.verdict import Access, Denial

LINES = make_meta(
    "Sales Invoice Item",
    make_field("item_code", "Link", "Item"),
    make_field("warehouse", "Link", "Warehouse"),
    make_field("net", "Currency"),
)
INVOICE = make_meta(
    "Sales Invoice",
    make_field("company", "Link", "Company"),
    make_field("customer", "Link", "Customer"),
    make_field("total", "Currency"),
    make_field("items", "Table", "Sales Invoice Item"),
)
ITEM = make_meta("Item", make_field("item_group", "Link", "Item Group"))


def make_world() -> World:
    world = World()
    for name in ("Warehouse", "Item Group"):
        world.add_doctype(make_meta(name))
    world.add_doctype(LINES, is_child=True)
    for meta in (INVOICE, ITEM):
        world.add_doctype(meta)
        world.grant(meta["name"], read_rule())
    return world


@dataclass
class Employee:
    """Reads datasets as one ERPNext user of each of `worlds`; `stale`: nobody knows what it may."""

    books: Books
    worlds: dict[str, World]
    stale: set[str] = field(default_factory=set)

    async def compile(self, instance: str, user: str, doctype: str) -> Access | Denial:
        if instance in self.stale:
            raise AccessSnapshotStale(instance)
        return compile_access(self.worlds[instance].snapshot(), user, doctype)

    @property
    def subject(self) -> Subject:
        return Subject("employee", dict.fromkeys(self.worlds, EMPLOYEE))

    async def open(self, slug: str, only: frozenset[str] | None = None) -> OpenDataset:
        instances = frozenset((*self.books.instances, "site", "other"))
        datasets = Datasets(self.books.registry, self, instances)  # type: ignore[arg-type]
        return await datasets.open(self.subject, slug, only)


@pytest.fixture
async def employee(books: Books) -> Employee:  # noqa: F811 - the fixture above
    """An employee of `site` who reads everything there until a test says otherwise."""
    await books.describe("Sales Invoice", INVOICE, LINES)
    return Employee(books, {"site": make_world()})
