"""docs/add-a-dataset.md: what it tells to write is taken, and makes the rows that it says."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from tests.transforming import Books
from tests.warehouse.access.worlds import EMPLOYEE, World, make_field, make_meta, read_rule
from warehouse.access.compiler import compile_access
from warehouse.cleaning.rules import RULES
from warehouse.dashboards.opening import Datasets
from warehouse.dashboards.query import QueryRequest, query_dataset
from warehouse.datasets.registry import Registry
from warehouse.reading.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymongo.asynchronous.database import AsyncDatabase

    from warehouse.access.verdict import Access, Denial
    from warehouse.datasets.declaration import Dataset

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs/add-a-dataset.md").read_text("utf-8")


class WholeAccess:
    """Someone who may read every Sales Order."""

    async def compile(self, _instance: str, _user: str, doctype: str) -> Access | Denial:
        world = World()
        order = make_meta("Sales Order", make_field("items", "Table", "Sales Order Item"))
        world.add_doctype(make_meta("Sales Order Item"), is_child=True)
        world.add_doctype(order)
        world.grant("Sales Order", read_rule())
        return compile_access(world.snapshot(), EMPLOYEE, doctype)


@pytest.fixture
def dataset(tmp_path: Path) -> Iterator[Dataset]:
    """The dataset that the guide writes, as the registry would find it."""
    [code] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    file = tmp_path / "open_orders.py"
    file.write_text(code, "utf-8")
    module = ModuleType("open_orders")
    module.__file__ = str(file)
    sys.modules["open_orders"] = module
    exec(compile(code, str(file), "exec"), module.__dict__)  # noqa: S102 - our own page
    yield module.__dict__["DATASET"]
    del sys.modules["open_orders"]


@pytest.fixture
def books(database: AsyncDatabase[dict[str, Any]], dataset: Dataset) -> Books:
    return Books(database.client[f"{database.name}-business"], Registry([dataset]))


def read_table(first: str, after: str) -> list[dict[str, str]]:
    """Return the rows of the table of the guide whose first column is `first`, below `after`."""
    lines = GUIDE[GUIDE.index(after) :].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    names = _cells(lines[start])
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append(dict(zip(names, _cells(line), strict=True)))
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def orders() -> list[dict[str, Any]]:
    return [
        {
            "doctype": "Sales Order",
            "name": row["order"],
            "company": "Co",
            "customer": "Asha",
            "docstatus": int(row["docstatus"]),
            "transaction_date": row["transaction_date"],
            "items": [
                {
                    "name": f"{row['order']}-1",
                    "item_code": row["item_code"],
                    "stock_qty": float(row["stock_qty"]),
                    "delivered_qty": float(row["delivered_qty"]),
                    "conversion_factor": float(row["conversion_factor"]),
                }
            ],
        }
        for row in read_table("order", "## 4.")
    ]


async def test_the_guides_dataset_makes_the_rows_that_it_says(books: Books):
    await books.put(*orders())
    [report] = (await books.transform()).values()
    assert not report.failed
    expected = read_table("month", "these rows come")
    rows = await books.rows("open_orders")
    assert [{name: row[name] for name in expected[0]} for row in rows] == expected
    assert all(check.passed for build in report.built for check in build.checks)


async def test_the_guides_measure_comes_to_what_it_says(books: Books):
    await books.put(*orders())
    await books.transform()
    said = re.search(r"`share_delivered` by `item_code`: (.*)\.\n", GUIDE)
    assert said
    expected = dict(part.split() for part in said[1].split(", "))
    access: Any = WholeAccess()
    opened = await Datasets(books.registry, access, frozenset({"site"})).open(
        Subject("somebody", {"site": EMPLOYEE}), "open_orders"
    )
    answered = await query_dataset(opened, QueryRequest("share_delivered", "item_code"))
    found = {group["item_code"]: group["share_delivered"] for group in answered.groups}
    assert found == {item: Decimal(share) for item, share in expected.items()}


def test_the_guide_names_every_cleaning_rule():
    told = {row["code"]: row["rule"] for row in read_table("code", "## The cleaning rules")}
    assert told == {rule.code: rule.title for rule in RULES.values()}
