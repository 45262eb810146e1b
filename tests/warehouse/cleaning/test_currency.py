"""Money in INR: the newest rate on or before the date, or null."""

from __future__ import annotations

from bson.decimal128 import Decimal128

from tests.warehouse.cleaning.evaluating import evaluate
from warehouse.cleaning.books import read_books
from warehouse.cleaning.currency import is_unconverted, rate_to_inr, round_money, to_inr

SETTINGS = {
    "Company": [
        {"name": "Sahaja", "default_currency": "INR"},
        {"name": "Abroad", "default_currency": "USD"},
        {"name": "Unrated", "default_currency": "EUR"},
    ],
    "Currency Exchange": [
        {
            "name": str(rate),
            "from_currency": "USD",
            "to_currency": "INR",
            "date": day,
            "exchange_rate": rate,
        }
        for day, rate in (("2025-04-10", 84.5), ("2025-03-01", 82.0), ("2025-04-20", 85.25))
    ],
}
BOOKS = read_books(SETTINGS)


async def rates(database, month, *rows):
    documents = [{"company": company, "day": day} for company, day in rows]
    rate = rate_to_inr(BOOKS, "$company", "$day", month)
    found = await evaluate(database, documents, inr_rate=rate)
    return [row["inr_rate"] and str(row["inr_rate"]) for row in found]


async def test_rupees_are_rupees(database):
    assert await rates(database, "2025-04", ("Sahaja", "2025-04-01")) == ["1"]


async def test_the_newest_rate_on_or_before_the_date_counts(database):
    days = ["2025-04-09", "2025-04-10", "2025-04-19", "2025-04-30"]
    expected = ["82.0", "84.5", "84.5", "85.25"]
    assert await rates(database, "2025-04", *(("Abroad", day) for day in days)) == expected
    assert await rates(database, None, *(("Abroad", day) for day in days)) == expected


async def test_without_a_rate_there_is_no_amount(database):
    assert await rates(database, "2025-02", ("Abroad", "2025-02-01")) == [None]
    assert await rates(database, "2025-04", ("Unrated", "2025-04-01")) == [None]
    row = {"inr_rate": None, "amount": Decimal128("10")}
    found = await evaluate(database, [row], inr=to_inr("$amount"), missing=is_unconverted())
    assert found == [{"inr": None, "missing": True}]


async def test_rounding_is_half_even(database):
    amounts = ["0.125", "0.135", "-0.125", "2.675"]
    rows = [{"amount": Decimal128(amount)} for amount in amounts]
    found = await evaluate(database, rows, rounded=round_money("$amount"))
    assert [str(row["rounded"]) for row in found] == ["0.12", "0.14", "-0.12", "2.68"]


async def test_companies_of_rupees_only_cost_the_pipeline_nothing():
    only = read_books({"Company": SETTINGS["Company"][:1]})
    assert rate_to_inr(only, "$company", "$day", None) == Decimal128("1")
