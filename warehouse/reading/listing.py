"""A page of a list: filters, order, fields, count and cursor put together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from warehouse.errors import QueryTooSlow
from warehouse.reading.filters import compile_filters, parse_filters
from warehouse.reading.projection import parse_fields
from warehouse.reading.sorting import parse_sort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.reading.columns import Columns
    from warehouse.reading.cursors import CursorSigner
    from warehouse.reading.documents import Documents
    from warehouse.reading.filters import Condition
    from warehouse.reading.projection import Projection
    from warehouse.reading.rows import Rows
    from warehouse.reading.sorting import Sort
    from warehouse.reading.subject import Subject

COUNT_CAP = 10_000
# Where documents have to be looked at, for a filter or for what the subject may see: to look at
# ten thousand takes longer than ten pages do.
FILTERED_COUNT_CAP = 1_000
COUNT_LIMIT_MS = 500


class Counting(StrEnum):
    """How far a list's rows are counted."""

    NONE = "none"
    CAPPED = "capped"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a list is asked for, its parameters as they were sent."""

    filters: tuple[tuple[str, str], ...] = ()
    sort: str | None = None
    fields: str | None = None
    size: int = 50
    cursor: str | None = None
    count: Counting = Counting.CAPPED


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list; `count` is None when they were not counted, or not in time."""

    rows: Rows
    next_cursor: str | None
    count: int | None
    is_count_capped: bool


async def read_page(
    documents: Documents, subject: Subject, request: ListRequest, signer: CursorSigner
) -> Page:
    """Return the page that `request` asks for.

    Raises:
        QueryRefused: if a parameter can't be understood.
        QueryTooSlow: if MongoDB takes too long.
    """
    columns = documents.doctype.columns
    conditions = compile_filters(parse_filters(columns, request.filters))
    sort, projection = _shape(columns, request.sort, request.fields)
    identity = _identify(documents, subject, request)
    after: Sequence[Condition] = ()
    if request.cursor is not None:
        after = sort.after(signer.read(identity, request.cursor))
    rows = await documents.find(conditions, after, sort, projection, request.size + 1)
    is_last = len(rows) <= request.size
    rows = rows.first(request.size)
    next_cursor = None if is_last else signer.make(identity, _sort_values(sort, rows))
    if is_last and request.cursor is None and request.count is not Counting.NONE:
        return Page(rows, None, len(rows), is_count_capped=False)
    count, is_capped = await _count(documents, conditions, request.count)
    return Page(rows, next_cursor, count, is_capped)


@lru_cache(maxsize=256)
def _shape(columns: Columns, sort: str | None, fields: str | None) -> tuple[Sort, Projection]:
    """Return the order, and what is read of a row; remembered: most lists ask for the same."""
    order = parse_sort(columns, sort)
    projection = parse_fields(columns, fields)
    if not order.is_of_envelope:
        # Of each row, though only the last one's is needed; few lists are sorted so.
        projection = projection | {"sort_key": {"$meta": "sortKey"}}
    return order, projection


def _sort_values(sort: Sort, rows: Rows) -> list[Any]:
    """Return the values of the last row that say where it stands."""
    if sort.is_of_envelope:
        return [rows.of_last(path) for path, _ in sort.keys]
    values: list[Any] = rows.of_last("sort_key")
    return values


async def _count(
    documents: Documents, conditions: Sequence[Condition], counting: Counting
) -> tuple[int | None, bool]:
    if counting is Counting.NONE:
        return None, False
    if counting is Counting.EXACT:
        return await documents.count(conditions, limit=None), False
    is_filtered = conditions or documents.doctype.view.access.condition
    cap = FILTERED_COUNT_CAP if is_filtered else COUNT_CAP
    try:
        found = await documents.count(conditions, cap + 1, COUNT_LIMIT_MS)
    except QueryTooSlow:
        # A list is not late for the sake of its count.
        return None, False
    return min(found, cap), found > cap


def _identify(documents: Documents, subject: Subject, request: ListRequest) -> list[Any]:
    """Return what a cursor is bound to: all that decides which rows follow in which form."""
    doctype = documents.doctype
    return [
        subject.key,
        doctype.view.digest,
        doctype.instance,
        doctype.doctype,
        sorted(request.filters),
        request.sort,
        request.fields,
    ]
