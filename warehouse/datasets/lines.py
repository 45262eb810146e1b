"""What the lines of invoices and receipts have in common: item, unit, party, calendar, money.

A line-grain dataset takes its stages and columns from here, so that a kg, a fiscal year or a rupee
is the same in all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.cleaning import vouchers
from warehouse.cleaning.books import BOOK_FIELDS
from warehouse.cleaning.calendar import fiscal_fields, season_fields
from warehouse.cleaning.currency import is_unconverted, rate_to_inr, to_inr
from warehouse.cleaning.units import KG, LITRE, NUMBER
from warehouse.datasets.columns import amount, day, flag, integer, known_by, link, text
from warehouse.datasets.declaration import Check, Reject, Source, Upstream
from warehouse.datasets.money import exact_or_zero
from warehouse.identity.items import ITEM_EVIDENCE

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Dimension, Expression, Measure, Stages
    from warehouse.datasets.scope import Scope

# Sources of every dataset of lines.
SETTINGS = tuple(
    Source(doctype, BOOK_FIELDS[doctype], is_setting=True, is_optional=True)
    for doctype in ("Company", "Fiscal Year", "Currency Exchange")
)
ITEMS = Upstream("items", by=("item_code",))
HEADER_FIELDS = ("company", "posting_date", "currency", *vouchers.VOUCHER_FIELDS)
LINE_FIELDS = (
    *("items.name", "items.item_code", "items.item_name", "items.item_group", "items.warehouse"),
    *("items.cost_center", "items.project", "items.qty", "items.uom", "items.stock_uom"),
    *("items.conversion_factor", "items.stock_qty", "items.base_amount", "items.base_net_amount"),
)

RATE_PLACES = 4
RATE_MISSING = "Lines without a rate to INR"
HAS_RATE = Check("has_rate", "Money is in INR", {"$gt": ["$rate_missing", 0]}, 0.01, blocks=False)

REJECTS = (
    Reject("C1", vouchers.is_draft()),
    Reject("C2", vouchers.is_cancelled()),
    Reject("C4", vouchers.is_opening()),
    Reject("C6", vouchers.is_merged_pos_invoice()),
    Reject("company_missing", {"$not": [vouchers.has_text("$company")]}),
)


def reject_undated(scope: Scope) -> Reject:
    """Return the reason that keeps aside what has no date: a partition of its own."""
    return Reject("date_missing", {"$literal": scope.month is None})


def take_lines(scope: Scope) -> Stages:
    """Return stages: a document a line, with its item, its place in the calendar and its rate."""
    return [
        {"$unwind": "$items"},
        *scope.crosswalk("items", "items.item_code", "item"),
        {
            "$set": {
                **place_in_time(scope, "$posting_date"),
                "_kg": in_unit(KG, "$items.stock_qty"),
                "_litre": in_unit(LITRE, "$items.stock_qty"),
                "_number": in_unit(NUMBER, "$items.stock_qty"),
            }
        },
    ]


def place_in_time(scope: Scope, date_path: str, company: str = "$company") -> dict[str, Any]:
    """Return the calendar's fields and `inr_rate`, for a `$set` stage."""
    books = scope.books
    return {
        **fiscal_fields(books.fiscal_years, date_path, company),
        **season_fields(date_path),
        "inr_rate": rate_to_inr(books, company, date_path, scope.month),
    }


def rate_of_balance(scope: Scope, company: str = "$company") -> Expression:
    """Return an expression: the rate to INR of a balance, which is that of the day it is of."""
    return rate_to_inr(scope.books, company, {"$literal": scope.as_of}, scope.month)


def in_unit(unit: str, stock_qty: str) -> Expression:
    """Return a quantity in a canonical unit, null if the item's unit is another one."""
    converted = {"$multiply": [exact_or_zero(stock_qty), "$item.unit_factor"]}
    return {"$cond": [{"$eq": ["$item.unit", unit]}, converted, None]}


def has_no_unit() -> Expression:
    """Return an expression: whether a line's quantity could not be converted (C8)."""
    return {"$eq": [{"$ifNull": ["$item.unit", None]}, None]}


def inr(path: str) -> Expression:
    """Return an amount in the company's currency as INR; nothing is 0."""
    return to_inr(exact_or_zero(path))


def sum_whole(*names: str) -> dict[str, Expression]:
    """Return the columns of sums of money, and how often a sum lacks a rate to INR (C7).

    A sum that lacks a part is no sum: one line of `rate_missing`, and it is null.
    """
    lacks = {"$gt": ["$rate_missing", 0]}
    sums: dict[str, Expression] = {name: {"$cond": [lacks, None, f"${name}"]} for name in names}
    return {**sums, "rate_missing": "$rate_missing", "cleaned": vouchers.mark(C7=lacks)}


def line_row() -> dict[str, Expression]:
    """Return the columns that all lines have, but for the party's."""
    return {
        "company": "$company",
        "line": "$items.name",
        "posting_date": "$posting_date",
        "fiscal_year": "$fiscal_year",
        "fiscal_month": "$fiscal_month",
        "fiscal_quarter": "$fiscal_quarter",
        "season": "$season",
        "season_year": "$season_year",
        "currency": "$currency",
        "item_code": "$items.item_code",
        "item_group": "$items.item_group",
        "item_id": "$item.item_id",
        "crop": "$item.crop",
        "variety": "$item.variety",
        "grade": "$item.grade",
        "organic": {"$ifNull": ["$item.organic", 0]},
        "business": "$item.business",
        "stock_uom": "$items.stock_uom",
        "unit": "$item.unit",
        "warehouse": "$items.warehouse",
        "cost_center": "$items.cost_center",
        "project": {"$ifNull": ["$items.project", "$project"]},
        "is_return": as_flag(vouchers.is_return()),
        "return_against": "$return_against",
        "amended_from": "$amended_from",
        "internal": as_flag(vouchers.is_internal()),
        "qty_stock": exact_or_zero("$items.stock_qty"),
        "qty_unconverted": as_flag(has_no_unit()),
        "rate_missing": as_flag(is_unconverted()),
        "lines": {"$literal": 1},
    }


def line_marks(**more: Expression) -> Expression:
    """Return the codes of the rules that were applied to a line."""
    return vouchers.mark(
        C2=vouchers.is_amended(),
        C3=vouchers.is_return(),
        C5=vouchers.is_internal(),
        C7=is_unconverted(),
        C8=has_no_unit(),
        C13={"$eq": ["$item.unmapped", 1]},
        **more,
    )


def calendar_columns(*of: str) -> tuple[Dimension, ...]:
    """Return the declared columns of a date and its place in fiscal year and season."""
    # Each company has fiscal years of its own.
    fiscal = (*of, *(f"{path.partition('.')[0]}.company" for path in of))
    quarter = "Q1 is April to June"
    return (
        day("posting_date", "Date", *of),
        text("fiscal_year", "Fiscal year", *fiscal, description="2025-26"),
        integer("fiscal_month", "Month of the fiscal year", *fiscal, description="1 is April"),
        text("fiscal_quarter", "Quarter of the fiscal year", *fiscal, description=quarter),
        text("season", "Season", *of, description="kharif, rabi or summer"),
        text("season_year", "Year of the season", *of, description="from June to May: 2025-26"),
    )


def line_columns(*doctypes: str, party: str) -> tuple[Dimension, ...]:
    """Return the declared dimensions of `line_row`; `party`: the field of whom lines are with."""

    def of(field: str) -> tuple[str, ...]:
        return tuple(f"{doctype}.{field}" for doctype in doctypes)

    item = of("items.item_code")
    named = (f"is_internal_{party}", *vouchers.INTERNAL_FIELDS)
    internal = tuple(path for field in named for path in of(field))
    return (
        link("company", "Company", *of("company")),
        text("line", "Line", *of("items.name")),
        *calendar_columns(*of("posting_date")),
        link("currency", "Currency", *of("currency")),
        link("item_code", "Item", *item),
        link("item_group", "Item Group", *of("items.item_group")),
        known_by(text("item_id", "Item across instances", *item), ITEM_EVIDENCE),
        text("crop", "Crop", *item, "Item.item_name"),
        text("variety", "Variety", *item, "Item.item_name"),
        text("grade", "Grade", *item, "Item.item_name"),
        flag("organic", "Said to be organic", *item, "Item.item_name"),
        text("business", "Business", *item, "Item.item_group"),
        link("stock_uom", "UOM", *of("items.stock_uom"), title="Stock UOM"),
        text("unit", "Canonical unit", *of("items.stock_uom"), description="kg, litre or number"),
        link("warehouse", "Warehouse", *of("items.warehouse")),
        link("cost_center", "Cost Center", *of("items.cost_center")),
        link("project", "Project", *of("project"), *of("items.project")),
        flag("is_return", "Return", *of("is_return")),
        text("return_against", "Return against", *of("return_against")),
        text("amended_from", "Amended from", *of("amended_from")),
        flag("internal", "Within the group", *internal),
    )


def line_measures(*doctypes: str) -> tuple[Measure, ...]:
    """Return the declared measures of `line_row`."""
    quantity = tuple(f"{doctype}.items.stock_qty" for doctype in doctypes)
    rate = tuple(f"{one}.{field}" for one in doctypes for field in ("company", "posting_date"))
    return (
        amount("qty_stock", "Quantity", "stock UOM", *quantity, description="Sum it for one item."),
        amount("qty_unconverted", "Lines without kg, litre or number", "lines"),
        amount("rate_missing", RATE_MISSING, "lines", *rate),
        amount("lines", "Lines", "lines"),
    )


def rate_per_kg(amount: str, kg: str) -> Expression:
    """Return a line's own rate, null where it has no weight; returns have no rate."""
    is_traded = {"$and": [{"$gt": [kg, 0]}, {"$ne": ["$is_return", 1]}]}
    return {"$cond": [is_traded, {"$round": [{"$divide": [amount, kg]}, RATE_PLACES]}, None]}


def as_flag(condition: Expression) -> Expression:
    """Return 1 or 0."""
    return {"$cond": [condition, 1, 0]}
