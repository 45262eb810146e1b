"""Read the value of a filter as what the field holds, and refuse what does not fit.

Dates stay strings: ERPNext sends them so, and in its form their order is that of the strings.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from bson.decimal128 import Decimal128

from warehouse.errors import QueryRefused
from warehouse.reading.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_VALUE = 200
INT64 = range(-(2**63), 2**63)
_END_OF_DAY = " 23:59:59.999999"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATETIME = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)

Value = str | int | float | Decimal128


def read_value(kind: Kind, text: str, parameter: str) -> Value:
    """Return `text` as a value of a field of `kind`.

    Raises:
        QueryRefused: if it is none; the message does not repeat it.
    """
    if len(text) > LONGEST_VALUE:
        raise refuse_value(parameter, f"is longer than {LONGEST_VALUE} characters")
    reader, what = _READERS[kind]
    try:
        return reader(text)
    except ValueError:
        raise refuse_value(parameter, f"takes {what}") from None


def end_of_day(kind: Kind, value: Value) -> Value:
    """Return the last moment of the day that `value` is, if it is a day and the field has times."""
    is_day = kind is Kind.DATETIME and isinstance(value, str) and _DATE.fullmatch(value)
    return f"{value}{_END_OF_DAY}" if is_day else value


def refuse_value(parameter: str, what: str) -> QueryRefused:
    """Return the error of a value that does not fit its parameter."""
    return QueryRefused(f"{parameter} {what}.", code="invalid_value", parameter=parameter)


def _read_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or int(text) not in INT64:
        raise ValueError
    return int(text)


def _read_number(text: str) -> int | float:
    if _INTEGER.fullmatch(text) and int(text) in INT64:
        return int(text)
    if not _NUMBER.fullmatch(text) or math.isinf(float(text)):
        raise ValueError
    return float(text)


def _read_decimal(text: str) -> Decimal128:
    if not _NUMBER.fullmatch(text):
        raise ValueError
    try:
        return Decimal128(text)
    except ArithmeticError:
        raise ValueError from None


def _read_check(text: str) -> int:
    if text not in ("0", "1"):
        raise ValueError
    return int(text)


def _read_date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise ValueError
    return date.fromisoformat(text).isoformat()


def _read_datetime(text: str) -> str:
    """Return a day as it is, and a moment as ERPNext writes it: no fraction when there is none."""
    moment = _DATETIME.fullmatch(text)
    if not moment:
        return _read_date(text)
    _read_date(moment[1])
    clock, _, fraction = moment[2].partition(".")
    read = time.fromisoformat(clock).replace(microsecond=int(fraction.ljust(6, "0")))
    return str(datetime.combine(date.fromisoformat(moment[1]), read))


_READERS: dict[Kind, tuple[Callable[[str], Value], str]] = {
    Kind.TEXT: (str, "text"),
    Kind.LONG_TEXT: (str, "text"),
    Kind.LINK: (str, "text"),
    Kind.TIME: (str, "text"),
    Kind.CHECK: (_read_check, "0 or 1"),
    Kind.INTEGER: (_read_integer, "a whole number"),
    Kind.NUMBER: (_read_number, "a number"),
    Kind.DECIMAL: (_read_decimal, "a number"),
    Kind.DATE: (_read_date, "a date as 2025-03-31"),
    Kind.DATETIME: (_read_datetime, "a date as 2025-03-31, or with a time as 2025-03-31 14:30:00"),
}
