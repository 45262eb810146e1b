"""Who comes for the first time: the month in which a value of a dimension first had a measure.

New is who is new to the instances and companies that are asked for, so the other filters, those of
time among them, do not move a first month; they choose which rows are counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.datasets.declaration import MeasureKind
from warehouse.reading.filters import compile_filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from warehouse.datasets.declaration import Measure
    from warehouse.reading.filters import Filter

KINDS = frozenset({MeasureKind.NEW, MeasureKind.RETURNING})
# To whom somebody is new.
OWNERS = ("instance", "company")


def find_firsts(
    measures: Iterable[Measure], by: Sequence[str], filters: Sequence[Filter]
) -> list[dict[str, Any]]:
    """Return the stages, after rows that may be seen, that leave those that `filters` choose."""
    owners = [one for one in filters if one.column.name in OWNERS]
    others = [one for one in filters if one.column.name not in OWNERS]
    windows = {measure.parts: _find_first(measure, by) for measure in measures}
    return [
        {"$match": {"$and": [{}, *compile_filters(owners)]}},
        *windows.values(),
        {"$match": {"$and": [{}, *compile_filters(others)]}},
    ]


def first_of(measure: Measure) -> str:
    """Return the path of what `find_firsts` found for a measure; null: never."""
    return "$" + _field(measure)


def _find_first(measure: Measure, by: Sequence[str]) -> dict[str, Any]:
    dimension, counted = measure.parts
    partition = {name: f"${name}" for name in (dimension, *OWNERS) if name in {dimension, *by}}
    month = {"$cond": [{"$gt": [f"${counted}", 0]}, "$month", None]}
    output = {_field(measure): {"$min": month}}
    return {"$setWindowFields": {"partitionBy": partition, "output": output}}


def _field(measure: Measure) -> str:
    return "_".join(("_first", *measure.parts))
