"""The tax on one line of an invoice, as ERPNext's Item-wise registers tell it.

ERPNext keeps the tax of each item and tax row as JSON, `{"RICE":[5.0,12.5]}`: rate, and amount in
the company's currency over all lines of the item. A line has its share of that by net amount,
rounded to paise for each tax row. Where the JSON does not tell (a code that JSON escapes, a site of
version 16) the tax row itself is shared out by net amount.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.cleaning.currency import round_money
from warehouse.datasets.money import PLACES, exact_or_zero, literal

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression, Stages

AMOUNT = "base_tax_amount_after_discount_amount"
TAX_FIELDS = tuple(
    f"taxes.{field}" for field in (AMOUNT, "item_wise_tax_detail", "category", "add_deduct_tax")
)
ZERO, NEGATIVE = literal("0"), literal("-1")


def sum_items() -> Stages:
    """Return the stage, before lines are unwound, that `line_tax` needs: net amounts of items.

    Only a document that names an item twice has to add up.
    """
    lines = {"$ifNull": ["$items", []]}
    codes = {"$map": {"input": lines, "in": _item_key("$$this")}}
    is_plain = {"$eq": [{"$size": {"$setUnion": [codes, []]}}, {"$size": lines}]}
    same = {"$eq": [_item_key("$$other"), _item_key("$$line")]}
    others = {"$filter": {"input": lines, "as": "other", "cond": same}}
    total = {"$sum": {"$map": {"input": others, "in": exact_or_zero("$$this.base_net_amount")}}}
    net = {"$cond": [is_plain, exact_or_zero("$$line.base_net_amount"), total]}
    summed = {"$mergeObjects": ["$$line", {"net_of_item": net}]}
    return [{"$set": {"items": {"$map": {"input": lines, "as": "line", "in": summed}}}}]


def line_tax() -> Expression:
    """Return the tax on `$items`, one unwound line, in the company's currency."""
    rows = {"$filter": {"input": {"$ifNull": ["$taxes", []]}, "cond": _is_in_total("$$this")}}
    return {"$sum": {"$map": {"input": rows, "as": "tax", "in": _of_tax_row()}}}


def _of_tax_row() -> Expression:
    told = _share("$$told", "$items.net_of_item")
    shared = _share(exact_or_zero(f"$$tax.{AMOUNT}"), exact_or_zero("$base_net_total"))
    found = {"$cond": [{"$eq": ["$$told", None]}, shared, told]}
    sign = {"$cond": [{"$eq": ["$$tax.add_deduct_tax", "Deduct"]}, NEGATIVE, literal("1")]}
    amount = {"$multiply": [round_money(found), sign]}
    return {"$let": {"vars": {"told": _read_detail()}, "in": amount}}


def _share(amount: Expression, whole: Any) -> Expression:
    part = {"$multiply": [amount, exact_or_zero("$items.base_net_amount")]}
    return {"$cond": [{"$eq": [whole, ZERO]}, ZERO, {"$divide": [part, whole]}]}


def _read_detail() -> Expression:
    """Return the amount that the JSON of `$$tax` tells of the line's item, or null."""
    begin = {"$concat": ['"', _without_spaces(_item_key("$items")), '":[']}
    detail = _without_spaces({"$ifNull": ["$$tax.item_wise_tax_detail", ""]})
    after = {"$arrayElemAt": [{"$split": [detail, begin]}, 1]}
    inside = {"$arrayElemAt": [{"$split": [{"$ifNull": [after, ""]}, "]"]}, 0]}
    number = {"$arrayElemAt": [{"$split": [inside, ","]}, 1]}
    read = {"$convert": {"input": number, "to": "decimal", "onError": None, "onNull": None}}
    # The JSON shows floats to their last digit: 47.58500000000001 is meant to be 47.585.
    return {"$round": [read, PLACES]}


def _item_key(line: str) -> Expression:
    """Return what the JSON calls a line's item: its code, or its name if it has none."""
    return {"$ifNull": [f"{line}.item_code", {"$ifNull": [f"{line}.item_name", ""]}]}


def _without_spaces(text: Expression) -> Expression:
    return {"$replaceAll": {"input": text, "find": " ", "replacement": ""}}


def _is_in_total(row: str) -> Expression:
    """Return an expression: whether a tax row is part of the total, and not of valuation only."""
    return {"$ne": [f"{row}.category", "Valuation"]}
