"""Grouped measures, each summed as its kind allows.

ADDITIVE measures are summed. LAST ones are summed within one partition: of those that a query spans
the last of each instance counts, unless it groups by the partitions' time. RATIOs are the sum of
one measure through that of another, over the rows that know both. A sum of nothing is null, and not
0: nothing is known of it. What looks at other months than those that are asked for is in `firsts`
and `years`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo.errors import ExecutionTimeout

from warehouse.dashboards.accumulation import Group, accumulate, finish
from warehouse.dashboards.columns import RowColumns, is_over_time
from warehouse.dashboards.firsts import KINDS as FIRSTS
from warehouse.dashboards.firsts import find_firsts
from warehouse.dashboards.years import grow, move_on, names_period
from warehouse.datasets.declaration import Measure, MeasureKind
from warehouse.documents.business import rows_of
from warehouse.documents.control import read_time_zone
from warehouse.errors import QueryRefused, QueryTooSlow
from warehouse.reading.documents import LIMIT_MS
from warehouse.reading.filters import compile_filters, parse_filters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from warehouse.dashboards.opening import OpenDataset
    from warehouse.reading.filters import Filter

MOST_GROUPS = 10_000
MOST_DIMENSIONS = 6

Condition = dict[str, Any]
Groups = dict[tuple[Any, ...], Group]


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


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, understood: `condition` is what rows meet that may be seen and are asked for."""

    opened: OpenDataset
    by: list[str]
    filters: tuple[Filter, ...]
    condition: Condition


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
    asked = _Asked(opened, by, filters, {"$and": [opened.condition, *compile_filters(filters)]})
    time = next(iter(opened.dataset.partition.columns[1:]), None)
    latest = [one for one in measures if _spans(columns, one, by, time)]
    firsts = [one for one in measures if one.kind in FIRSTS]
    others = [one for one in measures if one not in latest and one not in firsts]
    groups: Groups = {}
    if others or not (latest or firsts):
        _add(groups, await _collect(asked, [{"$match": asked.condition}], others))
    if latest:
        builds = await _find_last(opened, filters, time)
        at_last = {"$and": [asked.condition, {"build_id": {"$in": builds}}]}
        _add(groups, await _collect(asked, [{"$match": at_last}], latest))
    if firsts:
        stages = [{"$match": opened.condition}, *find_firsts(firsts, by, filters)]
        _add(groups, await _collect(asked, stages, firsts))
    await _compare_years(asked, [one for one in others if one.kind is MeasureKind.GROWTH], groups)
    ordered = sorted(groups, key=lambda key: [("" if part is None else str(part)) for part in key])
    names = [*by, *(one.name for one in measures)]
    return Answered(by, measures, [{n: groups[key].get(n) for n in names} for key in ordered])


def _add(groups: Groups, found: Groups) -> None:
    for key, group in found.items():
        groups[key] = groups.get(key, {}) | group


async def _compare_years(asked: _Asked, growing: list[Measure], groups: Groups) -> None:
    """Put growth in the place of the sums that grow."""
    before: Groups = {}
    months = await _read_running_months(asked.opened) if growing else {}
    if months and names_period(asked.by, asked.filters):
        stages = [
            {"$match": asked.opened.condition},
            *move_on(asked.opened.dataset, asked.filters, months),
        ]
        before = await _collect(asked, stages, growing)
    for key, group in groups.items():
        base = before.get(key, {})
        group |= {one.name: grow(one, group.get(one.name), base.get(one.name)) for one in growing}


async def _read_running_months(opened: OpenDataset) -> dict[str, str]:
    """Return instance → the month that it was there when the dataset was last transformed."""
    now = opened.pointer.transformed_at
    return {
        instance: f"{now.astimezone(await read_time_zone(instance)):%Y-%m}"
        for instance in sorted(opened.given)
        if now
    }


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


async def _collect(asked: _Asked, stages: list[dict[str, Any]], measures: list[Measure]) -> Groups:
    """Return the groups that the rows which `stages` leave fall into, with the measures' values."""
    by = asked.by
    sums: dict[str, Any] = {}
    for measure in measures:
        sums |= accumulate(measure)
    pipeline: list[dict[str, Any]] = [
        *stages,
        {"$group": {"_id": {name: {"$ifNull": [f"${name}", None]} for name in by}, **sums}},
        {"$limit": MOST_GROUPS + 1},
    ]
    try:
        cursor = await rows_of(asked.opened.dataset.slug).aggregate(
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
    groups: Groups = {}
    for row in found:
        key = tuple(row["_id"].get(name) for name in by)
        values = {measure.name: finish(measure, row) for measure in measures}
        groups[key] = dict(zip(by, key, strict=True)) | values
    return groups


def _moment(partition: Any, time: str | None) -> str | None:
    moment: str | None = getattr(partition.slot, str(time))
    return moment
