"""What measures that look at many rows must come to, counted over lines one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.warehouse.datasets.tied import Row, Tied

OF_SEASON = ("company", "season_year", "season", "crop", "item_group", "warehouse", "supplier")
PLACES = Decimal("0.0001")


def rates_of_seasons(tied: Tied) -> dict[tuple[Any, ...], tuple[Decimal, Decimal]]:
    """Return season, crop, hub and supplier → the lowest and highest rate of a bill's line."""
    found: dict[tuple[Any, ...], list[Decimal]] = {}
    for row in tied.rows["procurement_lines"]:
        if row["billed_kg"] and Decimal(row["billed_kg"]) > 0 and not row["is_return"]:
            rate = Decimal(row["amount_kg"]) / Decimal(row["billed_kg"])
            key = tuple(row[name] for name in OF_SEASON)
            found.setdefault(key, []).append(rate.quantize(PLACES))
    return {key: (min(rates), max(rates)) for key, rates in found.items()}


def told_rates(tied: Tied) -> dict[tuple[Any, ...], tuple[Decimal, Decimal]]:
    """Return the same as `procurement_season` tells it."""
    return {
        tuple(row[name] for name in OF_SEASON): (Decimal(row["rate_min"]), Decimal(row["rate_max"]))
        for row in tied.rows["procurement_season"]
        if row["rate_min"] is not None
    }


def count_customers(tied: Tied) -> dict[str, tuple[int, int]]:
    """Return month → customers that were new in it, and customers of before, by the invoices."""
    parties = {
        row["party"]: row["party_id"]
        for row in tied.rows["parties"]
        if row["party_type"] == "Customer"
    }
    months: dict[str, set[str]] = {}
    bought: dict[str, set[str]] = {}
    for invoice in tied.documents["Sales Invoice"]:
        if invoice["docstatus"] == 1 and invoice.get("is_opening") != "Yes":
            party, month = parties[invoice["customer"]], invoice["posting_date"][:7]
            bought.setdefault(month, set()).add(party)
            if not invoice.get("is_return"):
                months.setdefault(party, set()).add(month)
    first = {party: min(found) for party, found in months.items()}
    return {
        month: (
            sum(first.get(party) == month for party in found),
            sum(first.get(party, month) < month for party in found),
        )
        for month, found in bought.items()
    }


def told_customers(tied: Tied) -> dict[str, tuple[int, int]]:
    """Return the same as `sales_monthly` tells it."""
    return {row["month"]: (row["customers_new"], row["customers_repeat"]) for row in tied.months}


def grow(income: Mapping[str, int]) -> dict[str, Decimal | None]:
    """Return month → percent of growth over the same month of the year before, of paise."""
    grown: dict[str, Decimal | None] = {}
    for month, paise in income.items():
        before = income.get(f"{int(month[:4]) - 1}{month[4:]}", 0)
        share = Decimal(100 * (paise - before)) / before if before > 0 else None
        grown[month] = None if share is None else share.quantize(Decimal("0.000000001"))
    return grown


def told_growth(tied: Tied) -> dict[str, Decimal | None]:
    """Return the same as `sales_monthly` tells it."""

    def read(row: Row) -> Decimal | None:
        return None if row["growth_yoy"] is None else Decimal(row["growth_yoy"])

    return {row["month"]: read(row) for row in tied.months}
