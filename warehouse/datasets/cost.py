"""What the goods of a sales line cost: by the stock ledger, or flagged as an estimate.

The ledger's entry of a line is that of the invoice itself, if it updates stock, or of the delivery
note's line that it bills, in proportion; of a bundle those of its packed items. Without one, as in
ERPNext's Gross Profit: the rate at which the item last lay in the warehouse on the day of the sale,
or ever, or what the Item says. A service costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.datasets.money import exact_or_zero, literal
from warehouse.datasets.scope import DATA

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression, Stages
    from warehouse.datasets.scope import Scope

LEDGER, DELIVERY = "Stock Ledger Entry", "Delivery Note"
BY_LEDGER, BY_VALUATION, BY_ITEM, SERVICE, UNKNOWN = (
    *("ledger", "last_valuation", "item_rate"),
    *("service", "unknown"),
)
LEDGER_FIELDS = (
    *("voucher_detail_no", "stock_value_difference", "is_cancelled", "item_code", "warehouse"),
    *("posting_date", "creation", "valuation_rate", "company"),
)
PACKED_FIELDS = ("packed_items.name", "packed_items.parent_detail_docname")
DELIVERY_FIELDS = ("company", "items.name", "items.stock_qty", *PACKED_FIELDS)
ITEM_RATES = ("valuation_rate", "standard_rate", "last_purchase_rate")
ITEM_FIELDS = (*ITEM_RATES, "is_stock_item", "item_group")
# A name that no document has: a lookup that is not needed finds nothing.
NOTHING = "\x00"
ZERO, ONE = literal("0"), literal("1")
OF_COMPANY = {"$eq": [f"${DATA}.company", "$$company"]}


def find_cost(scope: Scope) -> Stages:
    """Return stages that set `cost` (company currency) and `cost_basis` of `$items`, unwound."""
    return [
        *scope.lookup(DELIVERY, "items.delivery_note", "delivery", company="$company"),
        {"$set": {"moved": _name_movements(), "billed_part": _find_billed_part()}},
        *_look_up_movements(scope),
        {"$set": {"is_estimate": {"$eq": ["$ledger", []]}}},
        {"$set": {"costed_item": {"$cond": ["$is_estimate", "$items.item_code", NOTHING]}}},
        *scope.lookup("Item", "costed_item", "item_master"),
        *_look_up_rate(scope, "rate_before", {"$lte": [f"${DATA}.posting_date", "$$day"]}),
        *_look_up_rate(scope, "rate_ever"),
        {"$set": {"estimate": _estimate()}},
        {"$set": {"cost": _cost(), "cost_basis": _basis()}},
    ]


def _name_movements() -> Expression:
    """Return what the ledger calls the line: its own row, or the delivery's, and packed items."""
    line = {"$ifNull": ["$items.dn_detail", "$items.name"]}
    packed = {
        "$concatArrays": [
            {"$ifNull": ["$packed_items", []]},
            {"$ifNull": ["$delivery.packed_items", []]},
        ]
    }
    own = {"$eq": ["$$this.parent_detail_docname", line]}
    names = {"$map": {"input": {"$filter": {"input": packed, "cond": own}}, "in": "$$this.name"}}
    return {"$concatArrays": [[line], names]}


def _find_billed_part() -> Expression:
    """Return which part of the delivery's line is billed, 1 if there is no delivery."""
    is_line = {"$eq": ["$$this.name", "$items.dn_detail"]}
    lines = {"$ifNull": ["$delivery.items", []]}
    delivered = {"$first": {"$filter": {"input": lines, "cond": is_line}}}
    qty = exact_or_zero("$$delivered.stock_qty")
    part = {"$divide": [exact_or_zero("$items.stock_qty"), qty]}
    found = {"$cond": [{"$eq": [qty, ZERO]}, ONE, part]}
    return {"$let": {"vars": {"delivered": delivered}, "in": found}}


def _look_up_movements(scope: Scope) -> Stages:
    entries: Stages = [
        {"$match": {"doctype": LEDGER, f"{DATA}.is_cancelled": {"$ne": 1}, "$expr": OF_COMPANY}},
        {"$project": {"_id": 0, "value": f"${DATA}.stock_value_difference"}},
    ]
    found = {
        "from": scope.collection(LEDGER),
        "localField": "moved",
        "foreignField": f"{DATA}.voucher_detail_no",
        "let": {"company": "$company"},
        "pipeline": entries,
        "as": "ledger",
    }
    return [{"$lookup": found}]


def _look_up_rate(scope: Scope, into: str, *conditions: Expression) -> Stages:
    """Return stages that set the valuation rate of the newest entry of item and warehouse."""
    path = f"{DATA}.warehouse"
    entries: Stages = [
        {
            "$match": {
                "doctype": LEDGER,
                f"{DATA}.is_cancelled": {"$ne": 1},
                # The index is of documents that have a warehouse.
                path: {"$exists": True},
                "$expr": {"$and": [{"$eq": [f"${path}", "$$warehouse"]}, OF_COMPANY, *conditions]},
            }
        },
        {"$sort": {f"{DATA}.posting_date": -1, f"{DATA}.creation": -1, "name": -1}},
        {"$limit": 1},
        {"$project": {"_id": 0, "rate": f"${DATA}.valuation_rate"}},
    ]
    found = {
        "from": scope.collection(LEDGER),
        "localField": "costed_item",
        "foreignField": f"{DATA}.item_code",
        "let": {"company": "$company", "warehouse": "$items.warehouse", "day": "$posting_date"},
        "pipeline": entries,
        "as": into,
    }
    return [{"$lookup": found}, {"$set": {into: {"$first": f"${into}.rate"}}}]


def _estimate() -> Expression:
    """Return rate and basis for a line that the ledger does not know."""
    rates = [("$rate_before", BY_VALUATION), ("$rate_ever", BY_VALUATION)]
    rates += [(f"$item_master.{field}", BY_ITEM) for field in ITEM_RATES]
    is_kept = {"$eq": ["$item_master.is_stock_item", 1]}
    # What is not kept in stock has no valuation; what was last paid for it is what it costs.
    bought = {"rate": exact_or_zero("$item_master.last_purchase_rate"), "basis": BY_ITEM}
    branches: list[dict[str, Any]] = [
        {"case": {"$eq": ["$item.business", "service"]}, "then": {"rate": ZERO, "basis": SERVICE}},
        {
            "case": {
                "$and": [{"$not": [is_kept]}, {"$gt": ["$item_master.last_purchase_rate", 0]}]
            },
            "then": bought,
        },
        *(
            {
                "case": {"$and": [is_kept, {"$gt": [path, 0]}]},
                "then": {"rate": exact_or_zero(path), "basis": basis},
            }
            for path, basis in rates
        ),
    ]
    return {"$switch": {"branches": branches, "default": {"rate": ZERO, "basis": UNKNOWN}}}


def _cost() -> Expression:
    values = {"$map": {"input": "$ledger", "in": exact_or_zero("$$this.value")}}
    moved = {"$multiply": [{"$sum": values}, -1, "$billed_part"]}
    estimated = {"$multiply": ["$estimate.rate", exact_or_zero("$items.stock_qty")]}
    return {"$cond": ["$is_estimate", estimated, moved]}


def _basis() -> Expression:
    return {"$cond": ["$is_estimate", "$estimate.basis", BY_LEDGER]}
