"""Fiscal years, quarters and seasons: what MongoDB says of every day, and what a calendar says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import pytest

from tests.warehouse.cleaning.evaluating import evaluate
from warehouse.cleaning.calendar import FiscalYear, fiscal_fields, season_fields

CALENDAR_YEAR = FiscalYear(date(2025, 1, 1), date(2025, 12, 31), frozenset({"Calendar Co"}))
APRIL_TO_MARCH = FiscalYear(date(2025, 4, 1), date(2026, 3, 31))
JULY_TO_JUNE = FiscalYear(date(2026, 7, 1), date(2027, 6, 30))
YEARS = (JULY_TO_JUNE, APRIL_TO_MARCH, CALENDAR_YEAR)


class FiscalDate(NamedTuple):
    """Fiscal year `2025-26`, its month and quarter."""

    year: str
    month: int
    quarter: str


def place(day: date, company: str) -> FiscalDate:
    """Return where a day stands, by counting on the calendar and not on MongoDB."""
    own = CALENDAR_YEAR if company in CALENDAR_YEAR.companies else None
    year = next((one for one in (own, APRIL_TO_MARCH, JULY_TO_JUNE) if covers(one, day)), None)
    april = day.year if day.month > 3 else day.year - 1
    start = year.start if year else date(april, 4, 1)
    label = str(start.year) if start.month == 1 else f"{start.year}-{(start.year + 1) % 100:02d}"
    month = (day.year - start.year) * 12 + day.month - start.month + 1
    return FiscalDate(label, month, f"Q{-(-month // 3)}")


async def tell(database, years, day: date, company: str) -> FiscalDate:
    """Return where the expressions say that a day stands."""
    row = {"day": day.isoformat(), "company": company}
    [found] = await evaluate(database, [row], **fiscal_fields(years, "$day", "$company"))
    return FiscalDate(*(found[f"fiscal_{part}"] for part in FiscalDate._fields))


def covers(year: FiscalYear | None, day: date) -> bool:
    return year is not None and year.start <= day <= year.end


def name_season(day: date) -> tuple[str, str]:
    """Return the season of a day and the year that began with the kharif before it."""
    names = ["rabi"] * 3 + ["summer"] * 2 + ["kharif"] * 5 + ["rabi"] * 2
    start = day.year if day.month > 5 else day.year - 1
    return names[day.month - 1], f"{start}-{(start + 1) % 100:02d}"


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
async def test_a_date_stands_in_the_companys_fiscal_year(database, day, company, expected):
    assert await tell(database, YEARS, day, company) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2024, 3, 31), FiscalDate("2023-24", 12, "Q4")),
        (date(2024, 4, 1), FiscalDate("2024-25", 1, "Q1")),
        (date(1999, 12, 31), FiscalDate("1999-00", 9, "Q3")),
    ],
)
async def test_without_a_fiscal_year_april_to_march_holds(database, day, expected):
    assert await tell(database, (), day, "Co") == expected


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
async def test_rabi_and_summer_belong_to_the_kharif_before_them(database, day, expected):
    [found] = await evaluate(database, [{"day": day.isoformat()}], **season_fields("$day"))
    assert (found["season"], found["season_year"]) == expected


async def test_every_day_stands_where_the_calendar_has_it(database):
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
    )
    for row, fields in zip(rows, found, strict=True):
        day = date.fromisoformat(row["day"])
        year, month, quarter = place(day, row["company"])
        season, season_year = name_season(day)
        assert fields == {
            "fiscal_year": year,
            "fiscal_month": month,
            "fiscal_quarter": quarter,
            "season": season,
            "season_year": season_year,
        }


@pytest.mark.parametrize("day", [None, "", "soon"])
async def test_what_has_no_date_has_no_place_in_the_calendar(database, day):
    for years in (YEARS, ()):
        fields = {**fiscal_fields(years, "$day", "$company"), **season_fields("$day")}
        [found] = await evaluate(database, [{"day": day, "company": "Co"}], **fields)
        assert found == dict.fromkeys(fields)
