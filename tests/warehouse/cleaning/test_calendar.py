"""Fiscal years, quarters and seasons: the pure functions, and the expressions held to them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.warehouse.cleaning.evaluating import evaluate
from warehouse.cleaning.calendar import (
    FiscalDate,
    FiscalYear,
    fiscal_fields,
    month_of,
    name_season,
    place_in_fiscal_year,
    season_fields,
)

CALENDAR_YEAR = FiscalYear(date(2025, 1, 1), date(2025, 12, 31), frozenset({"Calendar Co"}))
APRIL_TO_MARCH = FiscalYear(date(2025, 4, 1), date(2026, 3, 31))
JULY_TO_JUNE = FiscalYear(date(2026, 7, 1), date(2027, 6, 30))
YEARS = (JULY_TO_JUNE, APRIL_TO_MARCH, CALENDAR_YEAR)


@pytest.mark.parametrize(
    ("day", "company", "expected"),
    [
        (date(2025, 4, 1), "Co", FiscalDate("2025-26", 1, "Q1")),
        (date(2026, 3, 31), "Co", FiscalDate("2025-26", 12, "Q4")),
        (date(2025, 12, 31), "Calendar Co", FiscalDate("2025", 12, "Q4")),
        (date(2026, 9, 30), "Co", FiscalDate("2026-27", 3, "Q1")),
        (date(2026, 10, 1), "Co", FiscalDate("2026-27", 4, "Q2")),
    ],
)
def test_a_date_stands_in_the_companys_fiscal_year(day, company, expected):
    assert place_in_fiscal_year(day, company, YEARS) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2024, 3, 31), FiscalDate("2023-24", 12, "Q4")),
        (date(2024, 4, 1), FiscalDate("2024-25", 1, "Q1")),
        (date(1999, 12, 31), FiscalDate("1999-00", 9, "Q3")),
    ],
)
def test_without_a_fiscal_year_april_to_march_holds(day, expected):
    assert place_in_fiscal_year(day, "Co", ()) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 6, 1), ("kharif", "2025-26")),
        (date(2025, 10, 31), ("kharif", "2025-26")),
        (date(2025, 11, 1), ("rabi", "2025-26")),
        (date(2026, 3, 31), ("rabi", "2025-26")),
        (date(2026, 4, 1), ("summer", "2025-26")),
        (date(2026, 5, 31), ("summer", "2025-26")),
    ],
)
def test_rabi_and_summer_belong_to_the_kharif_before_them(day, expected):
    assert name_season(day) == expected


async def test_the_expressions_say_what_the_functions_say_of_every_day(database):
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(1300)]
    rows = [
        {"day": day.isoformat(), "company": company}
        for day in days
        for company in ("Co", "Calendar Co")
    ]
    found = await evaluate(
        database,
        rows,
        **fiscal_fields(YEARS, "$day", "$company"),
        **season_fields("$day"),
        month=month_of("$day"),
    )
    for row, fields in zip(rows, found, strict=True):
        day = date.fromisoformat(row["day"])
        year, month, quarter = place_in_fiscal_year(day, row["company"], YEARS)
        season, season_year = name_season(day)
        assert fields == {
            "fiscal_year": year,
            "fiscal_month": month,
            "fiscal_quarter": quarter,
            "season": season,
            "season_year": season_year,
            "month": row["day"][:7],
        }
