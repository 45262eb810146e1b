"""What readers get, and are told, of partitions whose last build broke a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.schemas.datasets import DatasetDetail
from tests.warehouse.dashboards.conftest import make_world
from tests.warehouse.transform.rules import item, sale
from warehouse.dashboards.query import QueryRequest, query_dataset

if TYPE_CHECKING:
    from tests.transforming import Books
    from tests.warehouse.dashboards.conftest import Employee

BROKEN = "No line is above a million (too_dear)"


async def test_a_partition_that_fails_is_read_as_it_was_and_is_said_to_be(
    books: Books, employee: Employee
):
    await books.put(item("RICE", "Grain"))
    await books.put(sale("1", "2026-04-01", ("RICE", 7.5)), sale("2", "2026-05-01", ("RICE", 2.0)))
    await books.transform("lines")
    await books.put(sale("1", "2026-04-01", ("RICE", 2_000_000.0)))
    await books.put(sale("2", "2026-05-01", ("RICE", 3.0)))
    await books.transform("lines")
    opened = await employee.open("lines")
    answered = await query_dataset(opened, QueryRequest("net", "month"))
    assert [tuple(map(str, one.values())) for one in answered.groups] == [
        ("2026-04", "7.5"),
        ("2026-05", "3"),
    ]
    assert DatasetDetail.of_opened(opened).failures == {"site 2026-04": BROKEN}


async def test_a_partition_that_never_passed_is_said_to_have_failed(
    books: Books, employee: Employee
):
    await books.put(item("RICE", "Grain"), sale("1", "2026-04-01", ("RICE", 2_000_000.0)))
    await books.transform("lines")
    detail = DatasetDetail.of_opened(await employee.open("lines"))
    assert (detail.built_at, detail.failures) == (None, {"site 2026-04": BROKEN})
    # To whoever may be kept from its rows nothing is said.
    employee.worlds["site"] = make_world().permit("Customer", "Asha")
    assert DatasetDetail.of_opened(await employee.open("lines")).failures == {}
