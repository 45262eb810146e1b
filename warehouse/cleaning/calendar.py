"""Dates, fiscal years, quarters and crop seasons (C9, C10), as pipeline expressions.

A posting date is a date of the site's calendar; it is never shifted by a time zone. Dates stay the
strings that ERPNext sends (`2026-04-01`), which sort and compare as dates do. What has no date has
no place in the calendar: every field is null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

Expression = dict[str, Any]

APRIL = 4
SEASONS = {
    "kharif": (6, 7, 8, 9, 10),
    "rabi": (11, 12, 1, 2, 3),
    "summer": (4, 5),
}
# A season's year begins with the kharif sowing: rabi and summer belong to the kharif before them.
SEASON_YEAR_START = 6


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """A `Fiscal Year` of an ERPNext; without companies it is everyone's."""

    start: date
    end: date
    companies: frozenset[str] = frozenset()


def fiscal_fields(years: Sequence[FiscalYear], date_path: str, company: str) -> dict[str, Any]:
    """Return the fields fiscal_year, fiscal_month and fiscal_quarter for a `$set` stage."""
    start = _start_of_year(years, date_path, company)
    # Months since year 0, so that a difference is a number of months.
    passed = {"$subtract": [_months(date_path), _months(start)]}
    quarter = {"$add": [{"$floor": {"$divide": [passed, 3]}}, 1]}
    return {
        "fiscal_year": _label_of_year(years, date_path, company),
        "fiscal_month": {"$toInt": {"$add": [passed, 1]}},
        "fiscal_quarter": {"$concat": ["Q", {"$toString": {"$toInt": quarter}}]},
    }


def season_fields(date_path: str) -> dict[str, Any]:
    """Return the fields season and season_year for a `$set` stage."""
    month, year = _month(date_path), _year(date_path)
    start = {"$cond": [{"$gte": [month, SEASON_YEAR_START]}, year, {"$subtract": [year, 1]}]}
    branches = [
        {"case": {"$in": [month, list(months)]}, "then": name} for name, months in SEASONS.items()
    ]
    season = {"$switch": {"branches": branches, "default": None}}
    return {"season": season, "season_year": _label_from(start)}


def _ordered(years: Sequence[FiscalYear]) -> list[FiscalYear]:
    """Return the years of particular companies before those of everyone."""
    return sorted(years, key=lambda year: (not year.companies, year.start, year.end))


def _label(start: date, end: date) -> str:
    return str(start.year) if start.year == end.year else f"{start.year}-{end.year % 100:02d}"


def _covers_expression(year: FiscalYear, date_path: str, company: str) -> Expression:
    conditions: list[Expression] = [
        {"$gte": [date_path, year.start.isoformat()]},
        {"$lte": [date_path, year.end.isoformat()]},
    ]
    if year.companies:
        conditions.append({"$in": [company, {"$literal": sorted(year.companies)}]})
    return {"$and": conditions}


def _choose(
    years: Sequence[FiscalYear], date_path: str, company: str, values: list[str], default: Any
) -> Any:
    """Return the value of the first fiscal year that covers the date, `values` in their order."""
    branches = [
        {"case": _covers_expression(year, date_path, company), "then": value}
        for year, value in zip(_ordered(years), values, strict=True)
    ]
    return {"$switch": {"branches": branches, "default": default}} if branches else default


def _start_of_year(years: Sequence[FiscalYear], date_path: str, company: str) -> Any:
    starts = [year.start.isoformat() for year in _ordered(years)]
    first_april = {"$concat": [{"$toString": _april_year(date_path)}, f"-{APRIL:02d}-01"]}
    return _choose(years, date_path, company, starts, first_april)


def _label_of_year(years: Sequence[FiscalYear], date_path: str, company: str) -> Any:
    labels = [_label(year.start, year.end) for year in _ordered(years)]
    return _choose(years, date_path, company, labels, _label_from(_april_year(date_path)))


def _april_year(date_path: str) -> Expression:
    year = _year(date_path)
    return {"$cond": [{"$gte": [_month(date_path), APRIL]}, year, {"$subtract": [year, 1]}]}


def _label_from(start_year: Expression) -> Expression:
    """Return `2025-26` for the year 2025."""
    next_year = {"$toString": {"$add": [start_year, 1]}}
    return {"$concat": [{"$toString": start_year}, "-", {"$substrBytes": [next_year, 2, 2]}]}


def _months(date_string: Any) -> Expression:
    return {"$add": [{"$multiply": [_year(date_string), 12]}, _month(date_string)]}


def _year(date_string: Any) -> Expression:
    return _number(date_string, 0, 4)


def _month(date_string: Any) -> Expression:
    return _number(date_string, 5, 2)


def _number(date_string: Any, first: int, count: int) -> Expression:
    digits = {"$substrBytes": [date_string, first, count]}
    return {"$convert": {"input": digits, "to": "int", "onError": None, "onNull": None}}
