"""One list query: read from the request's parameters, planned, run, and encoded.

The plan costs what it gives: names and parents are looked up, and a page in the order of
(modified, name) is read off an index from where it begins. All else scans the DocType.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from demo.site import refusals
from demo.site.fields import Selection, read_selection
from demo.site.filters import Condition, Test, comparison_key, compile_condition, read_conditions
from demo.site.ordering import OrderTerm, read_group, read_order, sort_rows
from demo.site.plan import choose_rows
from demo.site.sources import Column, Joined, Sources
from demo.site.store import ChildTable, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from demo.site.dataset import Row
    from demo.site.tables import Store

_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a client asks of a list; `rows` is None for all of them."""

    fields: Any = None
    filters: Any = None
    or_filters: Any = None
    order_by: str | None = None
    group_by: str | None = None
    start: int = 0
    rows: int | None = 20
    as_dict: bool = True


@dataclass(frozen=True, slots=True)
class Listed:
    """An encoded list: `star` tells if its rows have all columns, `children` if a child table's."""

    json: bytes
    rows: int
    star: bool
    children: bool


class Query:
    """A list request made ready to run on one table."""

    def __init__(self, store: Store, table: Table, request: ListRequest) -> None:
        if request.start < 0 or (request.rows is not None and request.rows < 0):
            raise refusals.crashed("ProgrammingError", "pymysql.err.ProgrammingError: limit")
        self._store = store
        self._table = table
        self._request = request
        self._sources = Sources(store, table)
        self._selection: Selection = read_selection(request.fields, self._sources)
        self._conditions: list[Condition] = read_conditions(request.filters, self._sources)
        self._alternatives: list[Condition] = read_conditions(request.or_filters, self._sources)
        self._order: list[OrderTerm] = read_order(request.order_by, self._sources)
        self._group: list[Column] = read_group(request.group_by, self._sources)

    def count(self) -> int:
        """Count the distinct main rows that match."""
        return len({id(joined[0]) for joined in self._matching()[0]})

    def run(self) -> Listed:
        """Give the rows asked for, as JSON."""
        plain_star = self._selection.star and not self._selection.outputs and not self._group
        if plain_star and self._request.as_dict and not self._sources.joins:
            rows = [joined[0] for joined in self._page(self._ordered())]
            encoded, schema = self._store.encoded, self._table.schema
            parts = [encoded.of(schema, row) for row in rows if row is not None]
            return self._listed(b"[" + b",".join(parts) + b"]", len(parts))
        rows_out = self._grouped() if self._groups() else self._projected()
        if not self._request.as_dict:
            return self._listed(_encode([list(row.values()) for row in rows_out]), len(rows_out))
        return self._listed(_encode(rows_out), len(rows_out))

    def _listed(self, json: bytes, rows: int) -> Listed:
        children = isinstance(self._table, ChildTable)
        return Listed(json, rows, star=self._selection.star, children=children)

    def _groups(self) -> bool:
        return bool(self._group) or self._selection.aggregates

    def _matching(self) -> tuple[Iterator[Joined], bool]:
        chosen = choose_rows(self._table, self._conditions, self._alternatives, self._order)
        tests = [compile_condition(each) for each in self._conditions]
        either = [compile_condition(each) for each in self._alternatives]
        return self._tested(chosen.rows, tests, either), chosen.ordered

    def _tested(
        self, rows: Iterable[Row], tests: list[Test], either: list[Test]
    ) -> Iterator[Joined]:
        expand = self._sources.expand
        for row in rows:
            for joined in expand(row):
                if all(test(joined) for test in tests) and (
                    not either or any(test(joined) for test in either)
                ):
                    yield joined

    def _ordered(self) -> Iterator[Joined]:
        matching, ordered = self._matching()
        if ordered or not self._order:
            return matching
        rows = list(matching)
        sort_rows(rows, self._order)
        return iter(rows)

    def _page(self, rows: Iterator[Any]) -> Iterator[Any]:
        start, length = self._request.start, self._request.rows
        return islice(rows, start, None if length is None else start + length)

    def _projected(self) -> list[Row]:
        rows = self._ordered()
        if self._selection.distinct:
            return list(self._page(self._distinct(rows)))
        return [self._shown(joined) for joined in self._page(rows)]

    def _shown(self, joined: Joined) -> Row:
        shown: Row = {}
        if self._selection.star and joined[0] is not None:
            shown = self._table.schema.list_row(joined[0])
        for output in self._selection.outputs:
            shown[output.key] = output.column.value(joined)
        return shown

    def _distinct(self, rows: Iterable[Joined]) -> Iterator[Row]:
        seen = set()
        keys = [comparison_key(output.column.kind) for output in self._selection.outputs]
        for joined in rows:
            shown = self._shown(joined)
            values = zip(keys, shown.values(), strict=False)
            identity = tuple(None if value is None else key(value) for key, value in values)
            if identity not in seen:
                seen.add(identity)
                yield shown

    def _grouped(self) -> list[Row]:
        groups: dict[tuple[Any, ...], list[Joined]] = {}
        keys = [(column, comparison_key(column.kind)) for column in self._group]
        rows = list(self._ordered())
        for joined in rows:
            values = [(column.value(joined), key) for column, key in keys]
            identity = tuple(None if value is None else key(value) for value, key in values)
            groups.setdefault(identity, []).append(joined)
        members = list(groups.values()) or ([] if self._group else [[]])
        if not self._order:
            members = [groups[each] for each in sorted(groups, key=_null_first)] or members
        shown = [
            {output.key: output.of(group) for output in self._selection.outputs}
            for group in members
        ]
        return list(self._page(iter(shown)))


def _null_first(identity: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    return [(value is not None, 0 if value is None else value) for value in identity]
