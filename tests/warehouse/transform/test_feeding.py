"""The keys of rows in a build."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.datasets.sales_lines import DATASET
from warehouse.transform.feeding import row_key

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

MANY = 5_000


async def test_no_two_of_many_rejected_rows_have_the_same_key(database: AsyncDatabase[Any]):
    await database["rows"].insert_many([{"rejected": "C1"} for _ in range(MANY)])
    pipeline = [{"$group": {"_id": row_key(DATASET)}}, {"$count": "keys"}]
    [found] = await (await database["rows"].aggregate(pipeline)).to_list()
    assert found["keys"] == MANY
