"""Databases that were restored from backups of different days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.warehouse.transform.rules import item, sale
from warehouse.documents.business import expire_builds, rows_of
from warehouse.documents.control import Lease

if TYPE_CHECKING:
    from tests.transforming import Books

RICE = item("RICE", "Grain")


async def test_a_partition_whose_rows_are_not_there_is_built_again(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 1)))
    await books.put(sale("INV-2", "2026-05-05", ("RICE", 2)))
    await books.transform()
    before = await books.rows("lines")
    april, may = (one.build_id for one in (await books.pointer("lines")).live)
    await rows_of("lines").delete_many({"build_id": april})
    report = (await books.transform("lines"))["lines"]
    assert [one.slot.month for one in report.built] == ["2026-04"]
    assert await books.rows("lines") == before

    await expire_builds("lines", [may])
    await books.transform("lines")
    await rows_of("lines").delete_many({"expires_at": {"$ne": None}})
    assert await books.rows("lines") == before


async def test_a_lease_that_is_older_than_the_pointers_is_taken_beyond_them(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 1)))
    for _ in range(3):
        await books.transform()
    await Lease.get_pymongo_collection().delete_many({})
    await books.put(sale("INV-1", "2026-04-05", ("RICE", 2)))
    await books.transform()
    assert [row["net"] for row in await books.rows("lines")] == ["2"]
