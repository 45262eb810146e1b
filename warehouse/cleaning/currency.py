"""Money in INR (C7).

ERPNext's `base_*` fields are in the company's currency. A company that keeps its books in another
one is converted by the newest `Currency Exchange` on or before the posting date; without one the
amount is null and the row is marked, since a guessed rate is worse than a gap. Rounding is
half-even and comes last, when an aggregate is whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.datasets.money import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.cleaning.books import Books, ExchangeRate

Expression = Any

WAREHOUSE_CURRENCY = "INR"
PAISE_DIGITS = 2


def rate_to_inr(books: Books, company: str, date_path: Expression, month: str | None) -> Expression:
    """Return an expression: INR for one unit of the company's currency on a date, or null.

    `month`: only the rates that dates of this month can need are written into the pipeline.
    """
    branches = [
        {
            "case": {"$eq": [company, {"$literal": name}]},
            "then": _newest_rate(_rates_of_month(books.rates.get(currency, ()), month), date_path),
        }
        for name, currency in sorted(books.currencies.items())
        if currency != WAREHOUSE_CURRENCY
    ]
    one = literal("1")
    return {"$switch": {"branches": branches, "default": one}} if branches else one


def to_inr(amount: Expression, rate: str = "$inr_rate") -> Expression:
    """Return `amount` of the company's currency in INR, null where there is no rate."""
    return {"$multiply": [amount, rate]}


def is_unconverted(rate: str = "$inr_rate") -> Expression:
    """Return an expression: whether a row's money has no rate."""
    return {"$eq": [rate, None]}


def round_money(value: Expression) -> Expression:
    """Return `value` rounded half-even to paise: the last step of an aggregate."""
    return {"$round": [value, PAISE_DIGITS]}


def _rates_of_month(rates: Sequence[ExchangeRate], month: str | None) -> list[ExchangeRate]:
    """Return the rates, oldest first, from the last one before the month to its end."""
    if month is None:
        return list(rates)
    before = [rate for rate in rates if rate.day < month]
    return [*before[-1:], *(rate for rate in rates if rate.day[:7] == month)]


def _newest_rate(rates: Sequence[ExchangeRate], date_path: Expression) -> Expression:
    branches = [
        {"case": {"$gte": [date_path, rate.day]}, "then": literal(rate.rate)}
        for rate in reversed(rates)
    ]
    return {"$switch": {"branches": branches, "default": None}} if branches else None
