"""The small tables of an instance that its pipelines are built with.

Fiscal years, company currencies, unit factors and trees are some dozens of documents; written into
a pipeline, they cost no `$lookup` per row.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from warehouse.cleaning.calendar import FiscalYear
from warehouse.cleaning.quantity import UnitFactors, read_factors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Row = dict[str, Any]

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


class ExchangeRate(NamedTuple):
    """From `day` on, INR for one unit of a currency, as the ERP writes it."""

    day: str
    rate: str


@dataclass(frozen=True, slots=True)
class Books:
    """What one instance says of itself.

    `currencies`: company → its currency. `rates`: currency → its rates to INR, oldest first.
    `parents`: DocType → (name → its parent in the tree).
    """

    currencies: dict[str, str] = field(default_factory=dict)
    fiscal_years: tuple[FiscalYear, ...] = ()
    factors: UnitFactors = field(default_factory=dict)
    rates: dict[str, tuple[ExchangeRate, ...]] = field(default_factory=dict)
    parents: dict[str, dict[str, str]] = field(default_factory=dict)

    def path_to_root(self, doctype: str, name: str) -> list[str]:
        """Return `name` and its ancestors, nearest first; a ring in a broken tree ends it."""
        parents, path = self.parents.get(doctype, {}), [name]
        while (parent := parents.get(path[-1])) and parent not in path:
            path.append(parent)
        return path


def read_books(settings: Mapping[str, Sequence[Row]]) -> Books:
    """Return the tables of an instance from its documents of the `BOOK_FIELDS`, by DocType."""
    return Books(
        currencies={
            company["name"]: company["default_currency"]
            for company in settings.get("Company", ())
            if company.get("default_currency")
        },
        fiscal_years=tuple(
            _read_year(year) for year in settings.get("Fiscal Year", ()) if not year.get("disabled")
        ),
        factors=read_factors(settings.get("UOM Conversion Factor", ())),
        rates=_read_rates(settings.get("Currency Exchange", ())),
        parents={
            doctype: _read_tree(settings.get(doctype, ()), parent)
            for doctype, parent in _TREES.items()
        },
    )


def _read_year(year: Row) -> FiscalYear:
    return FiscalYear(
        date.fromisoformat(year["year_start_date"]),
        date.fromisoformat(year["year_end_date"]),
        frozenset(row["company"] for row in year.get("companies", ())),
    )


def _read_rates(rows: Iterable[Row]) -> dict[str, tuple[ExchangeRate, ...]]:
    found: dict[str, list[ExchangeRate]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["date"], row["name"])):
        if row.get("to_currency") == "INR":
            rate = ExchangeRate(row["date"], str(row["exchange_rate"]))
            found[row["from_currency"]].append(rate)
    return {currency: tuple(rates) for currency, rates in found.items()}


def _read_tree(rows: Iterable[Row], parent: str) -> dict[str, str]:
    return {row["name"]: row[parent] for row in rows if row.get(parent)}
