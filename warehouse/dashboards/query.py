"""Grouped measures, each summed as its kind allows.

ADDITIVE measures are summed. LAST ones are summed within one partition: of those that a query spans
the last of each instance counts, unless it groups by the partitions' time. RATIOs are the sum of
one measure through that of another, over the rows that know both. A sum of nothing is null, and not
0: nothing is known of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128
from pymongo.errors import ExecutionTimeout

from warehouse.dashboards.columns import RowColumns, is_over_time
from warehouse.dashboards.numbers import trim
from warehouse.datasets.declaration import Measure, MeasureKind
from warehouse.documents.business import rows_of
from warehouse.errors import QueryRefused, QueryTooSlow
from warehouse.reading.documents import LIMIT_MS
from warehouse.reading.filters import compile_filters, parse_filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from warehouse.dashboards.opening import OpenDataset
    from warehouse.reading.filters import Filter

MOST_GROUPS = 10_000
MOST_DIMENSIONS = 6
PLACES = Decimal("0.000000001")
_CONTEXT = Context(prec=34, rounding=ROUND_HALF_EVEN)

Group = dict[str, Any]
Condition = dict[str, Any]


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """What is asked, its parameters as they were sent."""

    measure: str
    by: str | None = None
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """Groups in the order of what they are grouped by, each with the measures' values."""

    by: list[str]
    measures: list[Measure]
    groups: list[Group]


async def query_dataset(opened: OpenDataset, request: QueryRequest) -> Answered:
    """Return the measures that `request` asks for.

    Raises:
        QueryRefused: if a parameter can't be understood, or there would be too many groups.
        QueryTooSlow: if MongoDB takes too long.
    """
    columns = RowColumns.of(opened)
    measures, by = columns.choose_measures(request.measure), columns.choose_dimensions(request.by)
    if len(by) > MOST_DIMENSIONS:
        raise QueryRefused(
            f"by takes at most {MOST_DIMENSIONS} columns.", code="invalid_value", parameter="by"
        )
    filters = parse_filters(columns.stored, request.filters)
    condition = {"$and": [opened.condition, *compile_filters(filters)]}
    time = next(iter(opened.dataset.partition.columns[1:]), None)
    groups: dict[tuple[Any, ...], Group] = {}
    latest = [one for one in measures if _spans(columns, one, by, time)]
    others = [one for one in measures if one not in latest]
    if others or not latest:
        await _collect(opened, condition, by, others, groups)
    if latest:
        builds = await _find_last(opened, filters, time)
        at_last = {"$and": [condition, {"build_id": {"$in": builds}}]}
        await _collect(opened, at_last, by, latest, groups)
    for group in groups.values():
        group |= {one.name: group.get(one.name) for one in measures}
    ordered = sorted(groups, key=lambda key: [("" if part is None else str(part)) for part in key])
    return Answered(by, measures, [groups[key] for key in ordered])


def _spans(columns: RowColumns, measure: Measure, by: Iterable[str], time: str | None) -> bool:
    """Say whether only the last partition counts for a measure, or for a part of a ratio."""
    parts = [columns.measures[name] for name in measure.parts if name in columns.measures]
    return any(is_over_time(one, by, time) for one in (measure, *parts))


async def _find_last(opened: OpenDataset, filters: Sequence[Filter], time: str | None) -> list[str]:
    """Return the last partition of each instance within what is filtered by time.

    Told from the pointer: in a partition without rows every balance is 0, which is an answer, too.
    """
    of_time = [one for one in filters if one.column.name in {time, "instance"}]
    slots = [
        {"build_id": one.build_id, "instance": one.slot.instance, str(time): _moment(one, time)}
        for one in opened.live
    ]
    if not slots:
        return []
    pipeline: list[dict[str, Any]] = [
        {"$documents": slots},
        {"$match": {"$and": [{}, *compile_filters(of_time)]}},
        {"$sort": {str(time): -1}},
        {"$group": {"_id": "$instance", "build_id": {"$first": "$build_id"}}},
    ]
    cursor = await rows_of(opened.dataset.slug).database.aggregate(pipeline)
    return [row["build_id"] async for row in cursor]


async def _collect(
    opened: OpenDataset,
    condition: Condition,
    by: list[str],
    measures: list[Measure],
    groups: dict[tuple[Any, ...], Group],
) -> None:
    """Add the values of measures to the groups that rows which meet a condition fall into."""
    sums: dict[str, Any] = {}
    for measure in measures:
        sums |= _accumulate(measure)
    pipeline: list[dict[str, Any]] = [
        {"$match": condition},
        {"$group": {"_id": {name: {"$ifNull": [f"${name}", None]} for name in by}, **sums}},
        {"$limit": MOST_GROUPS + 1},
    ]
    try:
        cursor = await rows_of(opened.dataset.slug).aggregate(
            pipeline, allowDiskUse=True, maxTimeMS=LIMIT_MS
        )
        found = await cursor.to_list()
    except ExecutionTimeout:
        raise QueryTooSlow from None
    if len(found) > MOST_GROUPS:
        raise QueryRefused(
            f"There are more than {MOST_GROUPS:,} groups.",
            cure="Filter, or group by fewer columns.",
            code="too_many_groups",
            parameter="by",
        )
    for row in found:
        key = tuple(row["_id"].get(name) for name in by)
        group = groups.setdefault(key, dict(zip(by, key, strict=True)))
        group |= {measure.name: _finish(measure, row) for measure in measures}


def _accumulate(measure: Measure) -> dict[str, Any]:
    """Return the accumulators that a measure needs, under names of its own."""
    name = measure.name
    if measure.kind is MeasureKind.DISTINCT:
        return {f"{name}_set": {"$addToSet": f"${measure.parts[0]}"}}
    if measure.kind is MeasureKind.RATIO:
        above, below = (f"${part}" for part in measure.parts)
        both = {"$and": [{"$isNumber": above}, {"$isNumber": below}]}
        return {
            f"{name}_above": {"$sum": {"$cond": [both, above, 0]}},
            f"{name}_below": {"$sum": {"$cond": [both, below, 0]}},
        }
    known = {"$cond": [{"$isNumber": f"${name}"}, 1, 0]}
    return {f"{name}_sum": {"$sum": f"${name}"}, f"{name}_known": {"$sum": known}}


def _finish(measure: Measure, row: Group) -> Decimal | int | None:
    name = measure.name
    if measure.kind is MeasureKind.DISTINCT:
        return sum(value is not None for value in row[f"{name}_set"])
    if measure.kind is MeasureKind.RATIO:
        above, below = _exact(row[f"{name}_above"]), _exact(row[f"{name}_below"])
        if not below:
            return None
        ratio = _CONTEXT.divide(_CONTEXT.multiply(above, Decimal(measure.factor)), below)
        return trim(ratio.quantize(PLACES, context=_CONTEXT))
    return trim(_exact(row[f"{name}_sum"])) if row[f"{name}_known"] else None


def _exact(number: Any) -> Decimal:
    return number.to_decimal() if isinstance(number, Decimal128) else Decimal(number)


def _moment(partition: Any, time: str | None) -> str | None:
    moment: str | None = getattr(partition.slot, str(time))
    return moment
