"""The median rate of a season's crop at a hub, and what many suppliers of it cost."""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest
from bson.decimal128 import Decimal128

from warehouse.datasets.procurement_season import COUNTED, DATASET, GROUP, MONEY, build
from warehouse.datasets.scope import Scope

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.database import AsyncDatabase

Line = dict[str, Any]
ONE = Decimal128("1")


@pytest.fixture
def lines(database: AsyncDatabase[Line]) -> AsyncCollection[Line]:
    """An empty collection of procurement lines."""
    return database["lines"]


def buy(supplier: str, rate: str | None, *, hub: str = "North", is_return: bool = False) -> Line:
    """Return a line of 2 kg that has no more than the rule reads; without a rate it has no kg."""
    kg = None if rate is None else Decimal(-2 if is_return else 2)
    paid = None if rate is None or kg is None else Decimal128(Decimal(rate) * kg)
    weight = None if kg is None else Decimal128(kg)
    numbers = {**dict.fromkeys((*COUNTED, *MONEY), ONE), "amount_kg": paid, "billed_kg": weight}
    place = {**dict.fromkeys(GROUP, "one"), "warehouse": hub}
    return {**place, **numbers, "supplier": supplier, "party_id": supplier, "is_return": is_return}


def stages() -> list[dict[str, Any]]:
    [feed] = build(Scope(dataset=DATASET, as_of="2025-07-15"))
    return feed.stages


async def medians(lines: AsyncCollection[Line], *bought: Line) -> dict[str, set[Decimal]]:
    """Return hub → the median rates that its rows are of, which should be one."""
    await lines.insert_many(list(bought))
    found: dict[str, set[Decimal]] = {}
    async for row in await lines.aggregate(stages()):
        if row["billed_kg"]:
            rate = row["median_amount"].to_decimal() / row["billed_kg"].to_decimal()
            found.setdefault(row["warehouse"], set()).add(rate)
    return found


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        (("A 60", "A 70"), "65"),
        (("A 60", "B 70"), "65"),
        (("A 60", "B 70", "A 90"), "70"),
        (("A 60", "A 60", "B 90"), "60"),
        (("A 60", "B 60.0001"), "60.00005"),
    ],
)
async def test_the_median_is_the_middle_rate_or_between_two_whoever_got_them(
    lines: AsyncCollection[Line], rates: tuple[str, ...], expected: str
):
    bought = [buy(*each.split()) for each in rates]
    assert await medians(lines, *bought) == {"North": {Decimal(expected)}}


async def test_what_has_no_rate_moves_no_median(lines: AsyncCollection[Line]):
    without = [buy("A", None), buy("C", "1", is_return=True)]
    bought = [buy("A", "10"), buy("B", "30"), buy("B", "20"), *without]
    only_returns = buy("C", "1", hub="South", is_return=True)
    found = await medians(lines, *bought, only_returns)
    assert found == {"North": {Decimal(20)}, "South": {Decimal(0)}}


async def test_the_median_is_that_of_all_suppliers_lines_of_each_hub(lines: AsyncCollection[Line]):
    bought = [
        buy(f"S{one * 7 % 40}", str(50 + one * 31 % 83), hub=hub)
        for hub, count in (("North", 301), ("South", 150))
        for one in range(count)
    ]
    rates: dict[str, list[Decimal]] = {}
    for line in bought:
        rate = line["amount_kg"].to_decimal() / line["billed_kg"].to_decimal()
        rates.setdefault(line["warehouse"], []).append(rate)
    expected = {hub: {median(found)} for hub, found in rates.items()}
    assert await medians(lines, *bought) == expected


async def test_nothing_on_the_way_to_a_row_grows_with_the_number_of_suppliers(
    lines: AsyncCollection[Line],
):
    largest = []
    for suppliers in (range(10, 20), range(20, 100)):
        await lines.insert_many([buy(f"S{one}", str(one)) for one in suppliers for _ in range(3)])
        largest.append([await find_largest(lines, upto) for upto in range(len(stages()) + 1)])
    assert largest[0] == largest[1]


async def find_largest(lines: AsyncCollection[Line], upto: int) -> int:
    """Return how many bytes the largest document has after some of the stages."""
    of_all = {"$group": {"_id": None, "bytes": {"$max": {"$bsonSize": "$$ROOT"}}}}
    cursor = await lines.aggregate([*stages()[:upto], of_all])
    [found] = await cursor.to_list()
    size: int = found["bytes"]
    return size
