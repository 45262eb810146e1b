"""Filters `field__op=value`: read from a request, made into a MongoDB condition.

What a request says never becomes an operator, a path or a pattern: fields and operators are looked
up, values stand where MongoDB takes literals, and searched text is escaped.

Conditions on the rows of one child table must all hold in one and the same row, as in ERPNext.
A field that is absent is not equal to anything: `not` and `notin` find it, comparisons do not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import msgspec

from warehouse.errors import QueryRefused
from warehouse.reading.columns import DATA, Column, Kind
from warehouse.reading.values import Value, end_of_day, read_value, refuse_value
from warehouse.variables import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from warehouse.reading.columns import Columns

MOST_FILTERS = 20
MOST_VALUES = 200
OWN = ("count", "cursor", "fields", "size", "sort")  # parameters of a list that are no filters
_FORM = "A filter is a field, two underscores and an operator."
_ENDS = 2

Condition = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition of a request, its parts still as they were sent."""

    parameter: str
    column: Column
    operator: str
    text: str

    def compile(self) -> Condition:
        """Return what MongoDB must find in the field."""
        return OPERATORS[self.operator](self)

    def read(self, text: str | None = None) -> Value:
        """Return the value, or one of several, as what the field holds."""
        return read_value(self.column.kind, self.text if text is None else text, self.parameter)


def parse_filters(columns: Columns, parameters: Iterable[tuple[str, str]]) -> tuple[Filter, ...]:
    """Return the filters that query parameters are.

    Raises:
        QueryRefused: if a parameter names no field, or an operator that the field has not.
    """
    filters = tuple(_parse(columns, parameter, text) for parameter, text in parameters)
    if len(filters) > MOST_FILTERS:
        raise QueryRefused(
            f"There are more than {MOST_FILTERS} filters.",
            code="too_many_filters",
            parameter=filters[MOST_FILTERS].parameter,
        )
    return filters


def compile_filters(filters: Sequence[Filter]) -> list[Condition]:
    """Return the conditions for MongoDB, all of which must hold."""
    conditions: list[Condition] = []
    rows: dict[str, list[Condition]] = defaultdict(list)
    for one in filters:
        if one.column.table is None:
            conditions.append({one.column.path: one.compile()})
        else:
            rows[one.column.table].append({one.column.path: one.compile()})
    conditions += [{DATA + table: {"$elemMatch": {"$and": found}}} for table, found in rows.items()]
    return conditions


def operators_of(column: Column) -> tuple[str, ...]:
    """Return the operators that a field takes."""
    return tuple(name for name in OPERATORS if _fits(name, column.kind))


def _parse(columns: Columns, parameter: str, text: str) -> Filter:
    name, _, operator = parameter.rpartition("__")
    fields = columns.filterable
    if not name or (operator not in OPERATORS and parameter not in fields and name not in fields):
        raise _unknown_parameter(parameter, fields)
    if operator not in OPERATORS:
        known = ", ".join(operators_of(fields.get(parameter) or fields[name]))
        raise QueryRefused(
            f"{parameter} ends in no operator.",
            cure=suggest(operator, OPERATORS) or f"Operators: {known}.",
            code="unknown_operator",
            parameter=parameter,
        )
    if name not in fields:
        raise QueryRefused(
            f"There is no field {name[:100]} to filter by.",
            cure=suggest(name[:100], fields),
            code="unknown_field",
            parameter=parameter,
        )
    column = fields[name]
    if not _fits(operator, column.kind):
        raise QueryRefused(
            f"{name} has no operator {operator}.",
            cure=f"It has: {', '.join(operators_of(column))}.",
            code="unknown_operator",
            parameter=parameter,
        )
    return Filter(parameter, column, operator, text)


def _unknown_parameter(parameter: str, fields: Iterable[str]) -> QueryRefused:
    shown = parameter[:100]
    # Most often it is a field without its operator.
    spelt = {**{name: f"{name}__exact" for name in fields}, **dict(zip(OWN, OWN, strict=True))}
    nearest = get_close_matches(shown, spelt, n=1)
    return QueryRefused(
        f"There is no parameter {shown}.",
        cure=f"Did you mean {spelt[nearest[0]]}?" if nearest else _FORM,
        code="unknown_parameter",
        parameter=parameter,
    )


def _fits(operator: str, kind: Kind) -> bool:
    if operator == "contains":
        return kind in _TEXTS
    if operator == "startswith":
        return kind in _TEXTS | {Kind.DATE, Kind.DATETIME}
    if operator in ("gt", "gte", "lt", "lte", "between"):
        # ERPNext sends 9:05:00 for times: the order of the strings is not theirs.
        return kind not in {Kind.CHECK, Kind.TIME}
    return True


def _exact(one: Filter) -> Condition:
    values = _spellings(one, one.read())
    return {"$eq": values[0]} if len(values) == 1 else {"$in": values}


def _not(one: Filter) -> Condition:
    return {"$nin": _spellings(one, one.read())}


def _contains(one: Filter) -> Condition:
    return {"$regex": _escape(one), "$options": "i"}


def _startswith(one: Filter) -> Condition:
    return {"$regex": f"^{_escape(one)}"}


def _gt(one: Filter) -> Condition:
    return {"$gt": end_of_day(one.column.kind, one.read())}


def _gte(one: Filter) -> Condition:
    return {"$gte": one.read()}


def _lt(one: Filter) -> Condition:
    return {"$lt": one.read()}


def _lte(one: Filter) -> Condition:
    return {"$lte": end_of_day(one.column.kind, one.read())}


def _in(one: Filter) -> Condition:
    return {"$in": _read_all(one)}


def _notin(one: Filter) -> Condition:
    return {"$nin": _read_all(one)}


def _isnull(one: Filter) -> Condition:
    if one.text not in ("0", "1"):
        raise refuse_value(one.parameter, "takes 0 or 1")
    # ERPNext's "is not set": a text that is empty is as good as none.
    nothing = [None] if one.column.kind.is_numeric else [None, ""]
    return {"$in" if one.text == "1" else "$nin": nothing}


def _between(one: Filter) -> Condition:
    ends = _split(one)
    if len(ends) != _ENDS:
        raise refuse_value(one.parameter, "takes two values, separated by a comma")
    lowest, highest = (one.read(end) for end in ends)
    return {"$gte": lowest, "$lte": end_of_day(one.column.kind, highest)}


OPERATORS: dict[str, Callable[[Filter], Condition]] = {
    "exact": _exact,
    "not": _not,
    "contains": _contains,
    "startswith": _startswith,
    "gt": _gt,
    "gte": _gte,
    "lt": _lt,
    "lte": _lte,
    "in": _in,
    "notin": _notin,
    "isnull": _isnull,
    "between": _between,
}
_TEXTS = frozenset({Kind.TEXT, Kind.LONG_TEXT, Kind.LINK})


def _spellings(one: Filter, value: Value) -> list[Value]:
    """Return the forms in which a document may hold `value`.

    Links to DocTypes whose names are numbers are numbers in JSON.
    """
    if one.column.kind is Kind.LINK and re.fullmatch(r"0|[1-9]\d{0,17}", str(value), re.ASCII):
        return [value, int(str(value))]
    return [value]


def _escape(one: Filter) -> str:
    # Dates are searched for as text, too: startswith=2025-03 is a month.
    text = str(read_value(Kind.TEXT, one.text, one.parameter))
    if not text or "\0" in text:
        raise refuse_value(one.parameter, "takes text, without NUL characters")
    return re.escape(text)


def _read_all(one: Filter) -> list[Value]:
    texts = _split(one)
    if len(texts) > MOST_VALUES:
        raise refuse_value(one.parameter, f"takes at most {MOST_VALUES} values")
    return [spelling for text in texts for spelling in _spellings(one, one.read(text))]


def _split(one: Filter) -> list[str]:
    """Return the values of a list: separated by commas, or a JSON array of strings."""
    if not one.text.startswith("["):
        texts = one.text.split(",")
    else:
        try:
            texts = msgspec.json.decode(one.text, type=list[str])
        except (msgspec.DecodeError, RecursionError):
            raise refuse_value(
                one.parameter, "takes values separated by commas, or a JSON array of strings"
            ) from None
    if not one.text or not texts:
        raise refuse_value(one.parameter, "takes at least one value")
    return texts
