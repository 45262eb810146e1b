"""The small tables of an instance that its pipelines are built with.

Fiscal years, company currencies, unit factors and trees are some dozens of documents; written into
a pipeline, they cost no `$lookup` per row.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from warehouse.cleaning.calendar import FiscalYear
from warehouse.cleaning.quantity import UnitFactors, read_factors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Row = dict[str, Any]
Read = TypeVar("Read")

# DocType → the fields that are read of it, as sources declare them.
BOOK_FIELDS = {
    "Company": ("default_currency",),
    "Fiscal Year": ("year_start_date", "year_end_date", "disabled", "companies.company"),
    "UOM Conversion Factor": ("from_uom", "to_uom", "value"),
    "Currency Exchange": ("from_currency", "to_currency", "date", "exchange_rate"),
    "Item Group": ("parent_item_group",),
    "Territory": ("parent_territory",),
    "Warehouse": ("parent_warehouse",),
}
_TREES = {
    "Item Group": "parent_item_group",
    "Territory": "parent_territory",
    "Warehouse": "parent_warehouse",
}
# What a document that is not as ERPNext's forms would have it raises when it is read.
_NOT_AS_WRITTEN = (KeyError, TypeError, ValueError, ArithmeticError)


class ExchangeRate(NamedTuple):
    """From `day` on, INR for one unit of a currency, as the ERP writes it."""

    day: str
    rate: str


@dataclass(frozen=True, slots=True)
class Books:
    """What one instance says of itself.

    `currencies`: company → its currency. `rates`: currency → its rates to INR, oldest first.
    `parents`: DocType → (name → its parent in the tree). `skipped`: DocType → how many documents
    say too little to be used, such as a rate without a date.
    """

    currencies: dict[str, str] = field(default_factory=dict)
    fiscal_years: tuple[FiscalYear, ...] = ()
    factors: UnitFactors = field(default_factory=dict)
    rates: dict[str, tuple[ExchangeRate, ...]] = field(default_factory=dict)
    parents: dict[str, dict[str, str]] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)

    def path_to_root(self, doctype: str, name: str) -> list[str]:
        """Return `name` and its ancestors, nearest first; a ring in a broken tree ends it."""
        parents, path = self.parents.get(doctype, {}), [name]
        while (parent := parents.get(path[-1])) and parent not in path:
            path.append(parent)
        return path


def read_books(settings: Mapping[str, Sequence[Row]]) -> Books:
    """Return the tables of an instance from its documents of the `BOOK_FIELDS`, by DocType."""
    enabled = [year for year in settings.get("Fiscal Year", ()) if not year.get("disabled")]
    to_inr = [
        row for row in settings.get("Currency Exchange", ()) if row.get("to_currency") == "INR"
    ]
    years, rates = _read_each(enabled, _read_year), _read_each(to_inr, _read_rate)
    skipped = {
        "Fiscal Year": len(enabled) - len(years),
        "Currency Exchange": len(to_inr) - len(rates),
    }
    return Books(
        currencies={
            company["name"]: company["default_currency"]
            for company in settings.get("Company", ())
            if company.get("default_currency")
        },
        fiscal_years=tuple(years),
        factors=read_factors(settings.get("UOM Conversion Factor", ())),
        rates=_sort_rates(rates),
        parents={
            doctype: _read_tree(settings.get(doctype, ()), parent)
            for doctype, parent in _TREES.items()
        },
        skipped={doctype: number for doctype, number in skipped.items() if number},
    )


def _read_each(rows: Iterable[Row], read: Callable[[Row], Read]) -> list[Read]:
    """Return what is read of documents, in the order of their names, without those that can't be.

    One that a person left unfinished must not keep a whole site's books from being built.
    """
    found = []
    for row in sorted(rows, key=lambda row: str(row.get("name"))):
        with suppress(*_NOT_AS_WRITTEN):
            found.append(read(row))
    return found


def _read_year(year: Row) -> FiscalYear:
    return FiscalYear(
        date.fromisoformat(year["year_start_date"]),
        date.fromisoformat(year["year_end_date"]),
        frozenset(row["company"] for row in year.get("companies", ())),
    )


def _read_rate(row: Row) -> tuple[str, ExchangeRate]:
    day, rate = row["date"], str(row["exchange_rate"])
    date.fromisoformat(day)
    if not row["from_currency"] or Decimal(rate) <= 0:
        raise ValueError(rate)
    return row["from_currency"], ExchangeRate(day, rate)


def _sort_rates(
    rates: Iterable[tuple[str, ExchangeRate]],
) -> dict[str, tuple[ExchangeRate, ...]]:
    """Return currency → its rates, oldest first; those of one day as they came."""
    found: dict[str, list[ExchangeRate]] = defaultdict(list)
    for currency, rate in sorted(rates, key=lambda one: one[1].day):
        found[currency].append(rate)
    return {currency: tuple(rates) for currency, rates in found.items()}


def _read_tree(rows: Iterable[Row], parent: str) -> dict[str, str]:
    return {row["name"]: row[parent] for row in rows if row.get(parent)}
