"""A year before: the same question, asked of rows that are moved on by a year.

What a group had a year ago are the moved rows that fall into it, whatever it is grouped and
filtered by. A year that still runs is compared with as much of the one before: moved rows of months
that are yet to come are left out. The running month is compared with the whole of its like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.dashboards.accumulation import divide
from warehouse.reading.filters import compile_filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from warehouse.datasets.declaration import Dataset, Measure
    from warehouse.reading.filters import Filter

# The columns that name a year: `2026-04`, `2025-26`, or `2025` of a year from January on.
NAMING_A_YEAR = ("month", "fiscal_year", "season_year")


def names_period(by: Iterable[str], filters: Iterable[Filter]) -> bool:
    """Say whether groups are of a time that has a year before it."""
    named = {*by, *(one.column.name for one in filters)}
    return not named.isdisjoint(NAMING_A_YEAR)


def move_on(
    dataset: Dataset, filters: Sequence[Filter], months: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the stages, after rows that may be seen, that leave the moved ones of `filters`.

    `months`: instance → its running month, in its own calendar.
    """
    held = {*dataset.partition.columns, *dataset.columns}
    moved = {name: _add_year(name) for name in NAMING_A_YEAR if name in held}
    begun = [{"instance": one, "month": {"$lte": month}} for one, month in months.items()]
    chosen = [{"$or": begun}, *compile_filters(filters)]
    return [{"$set": moved}, {"$match": {"$and": chosen}}]


def grow(measure: Measure, now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Return by how much a sum is above the one before; null if that is none, 0 or negative."""
    if now is None or before is None or before <= 0:
        return None
    return divide(now - before, before, measure)


def _add_year(name: str) -> dict[str, Any]:
    path = f"${name}"
    year = {"$add": [{"$toInt": {"$substrBytes": [path, 0, 4]}}, 1]}
    following = {"$substrBytes": [{"$toString": {"$add": [year, 1]}}, 2, 2]}
    rest = {"$substrBytes": [path, 4, -1]}
    if name != "month":
        rest = {"$cond": [{"$eq": [rest, ""]}, "", {"$concat": ["-", following]}]}
    text = {"$concat": [{"$toString": year}, rest]}
    return {"$cond": [{"$eq": [{"$type": path}, "string"]}, text, None]}
