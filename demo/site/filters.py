"""Filters as Frappe takes them, turned into tests of rows.

NULL: equal to the empty text, different from everything else, and never above, below or like
anything. (Frappe wraps nullable columns in ifnull for `=`, `!=`, `in` and `not in`.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from demo.site import refusals
from demo.site.collation import cached_text_key, fold, like_pattern, text_key
from demo.site.moments import date_key, end_of_day, moment_key, time_key
from demo.site.schema import Kind
from demo.site.sources import Column, Joined, Sources

Test = Callable[[Joined], bool]
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    ">": lambda value, operand: bool(value > operand),
    ">=": lambda value, operand: bool(value >= operand),
    "<": lambda value, operand: bool(value < operand),
    "<=": lambda value, operand: bool(value <= operand),
}
OPERATORS = ("=", "!=", *_ORDERED, "like", "not like", "in", "not in", "between", "is")


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter: a column, a lower-case operator and what the client wrote beside it."""

    column: Column
    operator: str
    operand: Any

    def values(self) -> list[Any]:
        """Give the values of `in`: a text is split at its commas, and all are stripped."""
        listed = self.operand or ""
        parts = listed.split(",") if isinstance(listed, str) else _as_list(listed)
        return ["" if part is None else str(part).strip() for part in parts]


def read_conditions(filters: Any, sources: Sources) -> list[Condition]:
    """Read filters in any of their forms: a mapping, or lists of two to five elements."""
    if not filters:
        return []
    if isinstance(filters, dict):
        filters = [[name, *_operator_and_operand(value)] for name, value in filters.items()]
    if not isinstance(filters, list) or not all(isinstance(each, list | dict) for each in filters):
        raise refusals.crashed("ProgrammingError", f"pymysql.err.ProgrammingError: {filters!r}")
    conditions = []
    for each in filters:
        if isinstance(each, dict):
            conditions += read_conditions(each, sources)
        else:
            conditions.append(_read_condition(each, sources))
    return conditions


def compile_condition(condition: Condition) -> Test:
    """Make the test of one condition."""
    column, operator = condition.column, condition.operator
    if operator == "is":
        return _set_or_not(column, str(condition.operand).lower() == "set")
    if operator in ("like", "not like"):
        return _like(column, str(condition.operand or ""), negated=operator == "not like")
    key = comparison_key(column.kind)
    if operator in ("in", "not in"):
        return _among(column, key, condition.values(), negated=operator == "not in")
    if operator in ("=", "!="):
        return _among(column, key, [condition.operand], negated=operator == "!=")
    if operator == "between":
        return _between(column, key, condition.operand)
    return _ordered(column, key, _ORDERED[operator], condition.operand)


def comparison_key(kind: Kind) -> Callable[[Any], Any]:
    """Give what makes a column's values comparable with each other."""
    if kind is Kind.NUMBER:
        return _number
    if kind is Kind.TEXT:
        return lambda value: cached_text_key(value if isinstance(value, str) else str(value))
    readers: dict[Kind, Callable[[str], Any]] = {
        Kind.MOMENT: moment_key,
        Kind.DATE: date_key,
        Kind.TIME: time_key,
    }
    reader = readers[kind]
    return lambda value: reader(str(value))


def _read_condition(each: list[Any], sources: Sources) -> Condition:
    doctype = None
    if len(each) == 2:  # noqa: PLR2004 - [field, value]
        fieldname, operator, operand = each[0], "=", each[1]
    elif len(each) == 3:  # noqa: PLR2004 - [field, operator, value]
        fieldname, operator, operand = each
    elif len(each) in (4, 5):  # [DocType, field, operator, value] and a flag of the desk
        doctype, fieldname, operator, operand = each[:4]
    else:
        raise refusals.validation(
            f"Filter must have 4 values (doctype, fieldname, operator, value): {each}"
        )
    operator = str(operator).lower()
    if operator not in OPERATORS:
        raise refusals.validation(f"Operator must be one of {', '.join(OPERATORS)}")
    return Condition(sources.filtered_column(doctype, str(fieldname)), operator, operand)


def _operator_and_operand(value: Any) -> list[Any]:
    if isinstance(value, list) and len(value) == 2 and str(value[0]).lower() in OPERATORS:  # noqa: PLR2004
        return value
    return ["=", value]


def _as_list(listed: Any) -> Iterable[Any]:
    return listed if isinstance(listed, list | tuple) else [listed]


def _number(value: Any) -> float:
    try:
        return float(value.replace(",", "") if isinstance(value, str) else value or 0)
    except (TypeError, ValueError):
        return 0.0


def _among(
    column: Column, key: Callable[[Any], Any], operands: list[Any], *, negated: bool
) -> Test:
    empty = "" if column.kind is Kind.TEXT else None
    keys = {empty if operand in (None, "") else key(operand) for operand in operands}
    nullable = column.kind is not Kind.NUMBER
    if not nullable:
        keys = {_number(operand) for operand in operands}

    def test(joined: Joined) -> bool:
        value = column.value(joined)
        if value is None:
            return nullable and ((empty in keys) != negated)
        return (key(value) in keys) != negated

    return test


def _ordered(
    column: Column,
    key: Callable[[Any], Any],
    compare: Callable[[Any, Any], bool],
    operand: Any,
) -> Test:
    bound = key("" if operand is None else operand)

    def test(joined: Joined) -> bool:
        value = column.value(joined)
        return value is not None and compare(key(value), bound)

    return test


def _between(column: Column, key: Callable[[Any], Any], operand: Any) -> Test:
    bounds = operand.split(",") if isinstance(operand, str) else operand
    if not isinstance(bounds, list) or len(bounds) != 2:  # noqa: PLR2004 - from and to
        raise refusals.crashed("ValueError", "ValueError: between takes two values")
    lowest = key(bounds[0])
    highest = end_of_day(str(bounds[1])) if column.kind is Kind.MOMENT else key(bounds[1])

    def test(joined: Joined) -> bool:
        value = column.value(joined)
        return value is not None and bool(lowest <= key(value) <= highest)

    return test


def _like(column: Column, pattern: str, *, negated: bool) -> Test:
    compiled = like_pattern(pattern)

    def test(joined: Joined) -> bool:
        value = column.value(joined)
        if value is None:
            return negated
        return (compiled.fullmatch(fold(str(value))) is not None) != negated

    return test


def _set_or_not(column: Column, wanted: bool) -> Test:  # noqa: FBT001 - "set" or "not set"
    def test(joined: Joined) -> bool:
        value = column.value(joined)
        return (value is not None and (not isinstance(value, str) or text_key(value) != "")) == (
            wanted
        )

    return test
