"""The order of a list, and where in it a page begins.

A page begins after the last row of the one before, found by value (keyset), so that page 1,000
costs what page 1 costs and rows stored meanwhile move none. MongoDB sorts across types (nothing,
numbers, text, objects…) but compares within a type only, so "after" is spelt out, type by type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128
from pymongo import ASCENDING, DESCENDING

from warehouse.errors import QueryRefused
from warehouse.reading.projection import ENVELOPE
from warehouse.variables import suggest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.reading.columns import Columns

DEFAULT_SORT = "-modified"
MOST_FIELDS = 4
# In MongoDB's order; what is absent or null comes before them all.
# No arrays: what can be sorted by holds none, and asking for them reads the whole index.
TYPES = ("number", "string", "object", "binData", "objectId", "bool", "date", "timestamp")

# Text, or nothing: strings as ERPNext sends them.
TEXTS = frozenset({"erp_modified", "erp_creation"})
_TIME_AND_NAME = 2

Branch = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sort:
    """Paths and directions; the last is always the name, which no two rows share."""

    keys: tuple[tuple[str, int], ...]

    @property
    def is_of_envelope(self) -> bool:
        """Whether every row carries the values it is sorted by, whatever fields were asked for."""
        return all(path in ENVELOPE for path, _ in self.keys)

    def after(self, values: Sequence[Any]) -> list[Branch]:
        """Return conditions, one of which holds for each row after the one with `values`.

        No row meets two of them. Each is a range of an index that begins with the sort's paths.
        """
        if len(self.keys) == _TIME_AND_NAME and self.keys[0][0] in TEXTS and values[0]:
            return [_in_one_range(self.keys, values)]
        branches: list[Branch] = []
        same: Branch = {}
        for (path, direction), value in zip(self.keys[:-1], values[:-1], strict=True):
            branches += [same | {path: beyond} for beyond in _beyond(direction, value)]
            same = same | {path: {"$eq": value}}
        # The last is always text, and no two rows share it.
        path, direction = self.keys[-1]
        further = "$gt" if direction == ASCENDING else "$lt"
        return [*branches, same | {path: {further: values[-1]}}]


def parse_sort(
    columns: Columns, text: str | None, default: str | None = DEFAULT_SORT, last: str = "name"
) -> Sort:
    """Return the order that `sort=` asks for; without it `default`, which may be none.

    `last`: the path of what no two rows share. It follows in the direction of the last field, so
    that one index serves both directions.
    """
    keys: dict[str, int] = {}
    wanted = default if text is None else text
    for part in [] if wanted is None else wanted.split(","):
        name = part.removeprefix("-")
        column = columns.own.get(name)
        if column is None or not column.kind.is_sortable:
            raise _unsortable(columns, name)
        if column.path in keys:
            raise _refuse(f"sort names {name} twice.")
        keys[column.path] = DESCENDING if part.startswith("-") else ASCENDING
    if len(keys) > MOST_FIELDS:
        raise _refuse(f"sort takes at most {MOST_FIELDS} fields.")
    keys.setdefault(last, list(keys.values())[-1] if keys else ASCENDING)
    ended = list(keys.items())
    # Nothing is left to sort after the last.
    return Sort(tuple(ended[: list(keys).index(last) + 1]))


def _in_one_range(keys: Sequence[tuple[str, int]], values: Sequence[Any]) -> Branch:
    """Return one condition for a sort by a time and the name, which most lists have.

    Planning one range takes MongoDB half the time that planning several and merging them does.
    """
    (path, direction), (name, name_direction) = keys
    beyond = {"$gte": values[0]} if direction == ASCENDING else {"$not": {"$gt": values[0]}}
    passed = {"$lte" if name_direction == ASCENDING else "$gte": values[1]}
    return {path: beyond, "$nor": [{path: {"$eq": values[0]}, name: passed}]}


def _beyond(direction: int, value: Any) -> list[Branch]:
    """Return what the field of a row beyond `value` holds: disjoint conditions, nearest first."""
    if value is None:
        return [{"$ne": None}] if direction == ASCENDING else []
    place = TYPES.index(_type_of(value))
    if direction == ASCENDING:
        return [{"$gt": value}, {"$type": list(TYPES[place + 1 :])}]
    lower = [{"$type": list(TYPES[:place])}] if place else []
    return [{"$lt": value}, *lower, {"$eq": None}]


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float | Decimal128):
        return "number"
    return "string" if isinstance(value, str) else "object"


def _unsortable(columns: Columns, name: str) -> QueryRefused:
    known = [column.name for column in columns.own.values() if column.kind.is_sortable]
    shown = name[:100]
    return QueryRefused(
        f"There is no field {shown} to sort by." if shown else "sort names no field.",
        cure=suggest(shown, known),
        code="unknown_field",
        parameter="sort",
    )


def _refuse(message: str) -> QueryRefused:
    return QueryRefused(message, code="invalid_value", parameter="sort")
