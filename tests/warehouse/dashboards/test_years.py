"""Growth over the year before, as of the month that it is where the books are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.warehouse.dashboards.test_query import ask
from tests.warehouse.transform.rules import item, sale
from warehouse.documents.control import Instance

if TYPE_CHECKING:
    from tests.transforming import Books
    from tests.warehouse.dashboards.conftest import Employee

# The daily transform of 1 June, at one in the morning in India.
FIRST_OF_JUNE = datetime(2026, 5, 31, 19, 30, tzinfo=UTC)


async def fill(books: Books) -> None:
    books.now = FIRST_OF_JUNE
    await books.put(item("RICE", "Grain"))
    for name, day, net in (
        *(("1", "2025-05-20", 100.0), ("2", "2025-06-20", 100.0)),
        *(("3", "2026-05-20", 150.0), ("4", "2026-06-01", 90.0)),
    ):
        await books.put(sale(name, day, ("RICE", net)))
    await books.transform()


async def test_a_month_runs_from_midnight_where_the_books_are_kept(
    books: Books, employee: Employee
):
    await fill(books)
    grown = await ask(employee, "monthly", "growth", "month", month__gte="2026")
    assert grown == [{"month": "2026-05", "growth": 50}, {"month": "2026-06", "growth": -10}]


@pytest.mark.parametrize(("zone", "june"), [("Asia/Kolkata", -10), ("America/New_York", None)])
async def test_each_instance_has_its_own_calendar(
    books: Books, employee: Employee, zone: str, june: int | None
):
    site = Instance(
        id="site", title="", time_zone=zone, versions={}, erp_user="a", seen_at=FIRST_OF_JUNE
    )
    await site.insert()
    await fill(books)
    assert await ask(employee, "monthly", "growth", "month", month__exact="2026-06") == [
        {"month": "2026-06", "growth": june}
    ]
