"""Settings that a person left unfinished."""

from __future__ import annotations

import pytest

from warehouse.cleaning.books import ExchangeRate, read_books

YEAR = {"name": "2025-26", "year_start_date": "2025-04-01", "year_end_date": "2026-03-31"}
RATE = {"name": "1", "from_currency": "USD", "to_currency": "INR"}
RATE |= {"date": "2025-04-10", "exchange_rate": 84.5}


def without(document, field):
    return {name: value for name, value in document.items() if name != field} | {"name": "bad"}


@pytest.mark.parametrize(
    "bad",
    [
        without(RATE, "date"),
        without(RATE, "from_currency"),
        without(RATE, "exchange_rate"),
        RATE | {"date": "10-04-2025"},
        RATE | {"exchange_rate": 0},
        RATE | {"exchange_rate": "NaN"},
    ],
)
def test_a_rate_that_says_too_little_is_left_out_and_counted(bad):
    books = read_books({"Currency Exchange": [bad, RATE]})
    assert books.rates == {"USD": (ExchangeRate("2025-04-10", "84.5"),)}
    assert books.skipped == {"Currency Exchange": 1}


def test_a_rate_to_another_currency_is_none_that_is_missed():
    assert read_books({"Currency Exchange": [RATE | {"to_currency": "EUR"}]}).skipped == {}


@pytest.mark.parametrize("bad", [without(YEAR, "year_end_date"), YEAR | {"year_end_date": None}])
def test_a_fiscal_year_without_an_end_is_left_out_and_counted(bad):
    books = read_books({"Fiscal Year": [bad, YEAR]})
    assert len(books.fiscal_years) == 1
    assert books.skipped == {"Fiscal Year": 1}
