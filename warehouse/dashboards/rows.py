"""Rows of a dataset: a page of them, or all in their order for an export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128
from pymongo import ASCENDING
from pymongo.errors import ExecutionTimeout, OperationFailure

from warehouse.dashboards.columns import RowColumns
from warehouse.dashboards.numbers import read_number
from warehouse.documents.business import rows_of
from warehouse.errors import QueryTooSlow
from warehouse.reading.documents import LIMIT_MS, SORT_NEEDS_TOO_MUCH_MEMORY
from warehouse.reading.filters import compile_filters, parse_filters
from warehouse.reading.listing import COUNT_CAP, COUNT_LIMIT_MS, Counting
from warehouse.reading.projection import WHOLE, parse_names
from warehouse.reading.sorting import Sort, parse_sort

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from warehouse.dashboards.opening import OpenDataset
    from warehouse.reading.cursors import CursorSealer
    from warehouse.reading.listing import ListRequest
    from warehouse.reading.subject import Subject

KEY = "row"
BATCH_ROWS = 1_000
# So long MongoDB may work on an export in the order of keys, which an index serves.
EXPORT_LIMIT_MS = 600_000
_DECIMAL = "decimal"

Row = dict[str, Any]
Condition = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RowPage:
    """A page of rows; `count` is None when they were not counted, or not in time."""

    rows: list[Row]
    names: tuple[str, ...]
    next_cursor: str | None
    count: int | None
    is_count_capped: bool


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What a request means: which rows, in which order, with which columns."""

    condition: Condition
    sort: Sort
    names: tuple[str, ...]

    @property
    def projection(self) -> dict[str, Any]:
        """What is read of each row; the sort's own columns for the cursor."""
        paths = [path for path, _ in self.sort.keys]
        return {"_id": 0, "source": 1, **dict.fromkeys([*self.names, *paths], 1)}

    @property
    def limit_ms(self) -> int:
        """How long MongoDB may work on all rows; what has to be sorted gets no more than a page."""
        return EXPORT_LIMIT_MS if list(self.sort.keys) == [(KEY, ASCENDING)] else LIMIT_MS


def plan_rows(opened: OpenDataset, request: ListRequest) -> RowPlan:
    """Return what a request for rows means.

    Raises:
        QueryRefused: if a parameter can't be understood.
    """
    columns = RowColumns.of(opened).stored
    conditions = compile_filters(parse_filters(columns, request.filters))
    sort = _take_hidden(opened, parse_sort(columns, request.sort, default=None, last=KEY))
    names = parse_names(columns, None if request.fields == WHOLE else request.fields)
    return RowPlan({"$and": [opened.condition, *conditions]}, sort, names)


def _take_hidden(opened: OpenDataset, sort: Sort) -> Sort:
    """Return an order that tells nothing of hidden columns, as that of keys made of them would.

    What is left of the key comes first; only rows that are alike in that follow each other by key.
    """
    names = dict.fromkeys([*opened.dataset.partition.columns, *opened.dataset.key])
    if opened.hidden.isdisjoint(names):
        return sort
    _, direction = sort.keys[-1]
    keys = dict(sort.keys[:-1])
    for name in names:
        if name not in opened.hidden:
            keys.setdefault(name, direction)
    return Sort((*keys.items(), (KEY, direction)))


async def read_row_page(
    opened: OpenDataset, subject: Subject, request: ListRequest, sealer: CursorSealer
) -> RowPage:
    """Return the page that `request` asks for.

    Raises:
        QueryRefused: if a parameter can't be understood.
        QueryTooSlow: if MongoDB takes too long.
    """
    plan = plan_rows(opened, request)
    identity = [subject.key, opened.dataset.slug, sorted(request.filters), request.sort]
    identity.append(request.fields)
    condition = plan.condition
    if request.cursor is not None:
        values = [_unpack(value) for value in sealer.read(identity, request.cursor)]
        condition = {"$and": [condition, {"$or": plan.sort.after(values)}]}
    rows = await _find(opened, plan, condition, request.size + 1)
    is_last = len(rows) <= request.size
    rows = rows[: request.size]
    next_cursor = None
    if not is_last:
        values = [_pack(rows[-1].get(path)) for path, _ in plan.sort.keys]
        next_cursor = sealer.make(identity, values)
    if is_last and request.cursor is None and request.count is not Counting.NONE:
        return RowPage(rows, plan.names, None, len(rows), is_count_capped=False)
    count, is_capped = await _count(opened, plan.condition, request.count)
    return RowPage(rows, plan.names, next_cursor, count, is_capped)


async def stream_rows(opened: OpenDataset, plan: RowPlan) -> AsyncIterator[Row]:
    """Yield all rows of a plan, in its order."""
    found = rows_of(opened.dataset.slug).find(plan.condition, plan.projection)
    found = found.sort(list(plan.sort.keys)).batch_size(BATCH_ROWS).max_time_ms(plan.limit_ms)
    async for row in found:
        yield row


async def _find(opened: OpenDataset, plan: RowPlan, condition: Condition, limit: int) -> list[Row]:
    found = rows_of(opened.dataset.slug).find(condition, plan.projection)
    try:
        return await found.sort(list(plan.sort.keys)).limit(limit).max_time_ms(LIMIT_MS).to_list()
    except ExecutionTimeout:
        raise QueryTooSlow from None
    except OperationFailure as error:
        if error.code == SORT_NEEDS_TOO_MUCH_MEMORY:
            raise QueryTooSlow from None
        raise


async def _count(
    opened: OpenDataset, condition: Condition, counting: Counting
) -> tuple[int | None, bool]:
    if counting is Counting.NONE:
        return None, False
    collection = rows_of(opened.dataset.slug)
    try:
        if counting is Counting.EXACT:
            return await collection.count_documents(condition, maxTimeMS=LIMIT_MS), False
        found = await collection.count_documents(
            condition, limit=COUNT_CAP + 1, maxTimeMS=COUNT_LIMIT_MS
        )
    except ExecutionTimeout:
        if counting is Counting.EXACT:
            raise QueryTooSlow from None
        return None, False
    return min(found, COUNT_CAP), found > COUNT_CAP


def _pack(value: Any) -> Any:
    """Return a sort value as JSON can hold it without loss."""
    return {_DECIMAL: str(value)} if isinstance(value, Decimal128) else value


def _unpack(value: Any) -> Any:
    return Decimal128(value[_DECIMAL]) if isinstance(value, dict) else value


def present(row: Row, names: Sequence[str]) -> Row:
    """Return the columns of a row that were asked for, in their order, empty ones too.

    And the document that the row is a part of, if it is one.
    """
    columns = {name: read_number(row.get(name)) for name in names}
    return columns | {"source": row["source"]} if "source" in row else columns
