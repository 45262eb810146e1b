"""What sales earned over the cost of the goods, by month, item and channel.

A return counts in its own month. ERPNext's Gross Profit books it back into the month of the invoice
that it goes against, so that July changes when August returns something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.cleaning import vouchers
from warehouse.cleaning.currency import is_unconverted
from warehouse.cleaning.units import KG
from warehouse.datasets.columns import amount, flag, integer, known_by, link, share, text
from warehouse.datasets.cost import (
    BY_LEDGER,
    DELIVERY,
    DELIVERY_FIELDS,
    ITEM_FIELDS,
    LEDGER,
    LEDGER_FIELDS,
    PACKED_FIELDS,
    SERVICE,
    UNKNOWN,
    find_cost,
)
from warehouse.datasets.declaration import Check, Dataset, Feed, Partition, Source
from warehouse.datasets.lines import (
    HAS_RATE,
    ITEMS,
    RATE_MISSING,
    SETTINGS,
    as_flag,
    in_unit,
    inr,
    place_in_time,
    reject_undated,
    sum_whole,
)
from warehouse.datasets.money import literal
from warehouse.identity.items import ITEM_EVIDENCE

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression, Stages
    from warehouse.datasets.scope import Scope

SALES = "Sales Invoice"
FIELDS = (
    *("company", "posting_date", *vouchers.VOUCHER_FIELDS, *vouchers.INTERNAL_FIELDS),
    *("is_internal_customer", "is_pos", *vouchers.ONLINE_ORDER_FIELDS, *PACKED_FIELDS),
    *("items.name", "items.item_code", "items.item_group", "items.warehouse", "items.cost_center"),
    *("items.stock_qty", "items.base_net_amount", "items.dn_detail", "items.delivery_note"),
)
KEY = (
    *("company", "item_code", "item_group", "warehouse", "cost_center", "channel", "cost_basis"),
    *("internal", "fiscal_year", "fiscal_month", "fiscal_quarter"),
)
ZERO = literal("0")


def build(scope: Scope) -> list[Feed]:
    """Return one row for each month, item, warehouse, cost center, channel and basis of cost."""
    sums: dict[str, Expression] = {
        "net": {"$sum": "$net"},
        "cost": {"$sum": "$cost"},
        "qty_kg": {"$sum": "$kg"},
        "lines": {"$sum": 1},
        "rate_missing": {"$sum": as_flag(is_unconverted())},
    }
    first = {name: {"$first": f"$item.{name}"} for name in ("item_id", "crop", "business")}
    group = {"$group": {"_id": {name: f"${name}" for name in KEY}, **sums, **first}}
    derived = {
        "margin": {"$subtract": ["$net", "$cost"]},
        "net_estimated": {"$cond": [_is_estimate(), "$net", ZERO]},
    }
    stages = [*cost_lines(scope), group, {"$set": derived}]
    return [Feed(of=SALES, stages=stages, row=_row(), rejects=[reject_undated(scope)])]


def cost_lines(scope: Scope) -> Stages:
    """Return stages: invoices that count → a document a line, with `net` and `cost` in INR."""
    return [
        {"$match": {"docstatus": vouchers.SUBMITTED, "is_opening": {"$ne": "Yes"}}},
        {"$unwind": "$items"},
        *scope.crosswalk("items", "items.item_code", "item"),
        *find_cost(scope),
        {"$set": place_in_time(scope, "$posting_date")},
        {
            "$set": {
                **{name: f"$items.{name}" for name in ("item_code", "item_group", "warehouse")},
                "cost_center": "$items.cost_center",
                "channel": vouchers.name_channel(),
                "internal": as_flag(vouchers.is_internal()),
                "net": inr("$items.base_net_amount"),
                "cost": {"$multiply": ["$cost", "$inr_rate"]},
                "kg": in_unit(KG, "$items.stock_qty"),
            }
        },
    ]


def _row() -> dict[str, Any]:
    return {
        **{name: f"$_id.{name}" for name in KEY},
        **{name: f"${name}" for name in ("item_id", "crop", "business")},
        "estimate": as_flag(_is_estimate()),
        # Not rounded: a rate has more digits than a rupee has, and months are summed.
        **sum_whole("net", "cost", "margin", "net_estimated"),
        "qty_kg": "$qty_kg",
        "lines": "$lines",
    }


def _is_estimate() -> Expression:
    return {"$not": [{"$in": ["$_id.cost_basis", [BY_LEDGER, SERVICE]]}]}


_NET, _COST = f"{SALES}.items.base_net_amount", f"{LEDGER}.stock_value_difference"

DATASET = Dataset(
    slug="gross_margin",
    title="Gross margin",
    description=(
        "Net sales less the cost of the goods, by month. cost_basis says how the cost is known: "
        "ledger, or an estimate (last_valuation, item_rate, unknown). Returns count in their month."
    ),
    owner="Accounts",
    grain="one month, item, warehouse, cost center, channel and basis of cost",
    key=("instance", *KEY),
    partition=Partition.INSTANCE_MONTH,
    sources=(
        Source(SALES, FIELDS, date="posting_date"),
        Source(LEDGER, LEDGER_FIELDS),
        Source(DELIVERY, DELIVERY_FIELDS, is_optional=True),
        Source("Item", ITEM_FIELDS, by=("item_code",)),
        *SETTINGS,
        ITEMS,
    ),
    cleaning=("C1", "C2", "C3", "C4", "C5", "C7", "C8", "C9", "C10", "C13"),
    dimensions=(
        link("company", "Company", *(f"{one}.company" for one in (SALES, LEDGER, DELIVERY))),
        link("item_code", "Item", f"{SALES}.items.item_code"),
        link("item_group", "Item Group", f"{SALES}.items.item_group"),
        link("warehouse", "Warehouse", f"{SALES}.items.warehouse"),
        link("cost_center", "Cost Center", f"{SALES}.items.cost_center"),
        known_by(
            text("item_id", "Item across instances", f"{SALES}.items.item_code"), ITEM_EVIDENCE
        ),
        text("crop", "Crop", "Item.item_name"),
        text("business", "Business", "Item.item_group"),
        text("channel", "Channel", f"{SALES}.is_pos", description="pos, online or direct"),
        flag("internal", "Within the group"),
        text("fiscal_year", "Fiscal year", f"{SALES}.posting_date"),
        integer("fiscal_month", "Month of the fiscal year", f"{SALES}.posting_date"),
        text("fiscal_quarter", "Quarter of the fiscal year", f"{SALES}.posting_date"),
        text("cost_basis", "Basis of cost", description="ledger, last_valuation, item_rate, …"),
        flag("estimate", "Cost is estimated"),
    ),
    measures=(
        amount("net", "Net sales", "INR", _NET),
        amount("cost", "Cost of goods", "INR", _COST),
        amount("margin", "Gross margin", "INR", _NET, _COST),
        amount("net_estimated", "Net sales whose cost is estimated", "INR", _NET),
        amount("qty_kg", "Weight", "kg", f"{SALES}.items.stock_qty"),
        amount("lines", "Lines", "lines"),
        amount("rate_missing", RATE_MISSING, "lines"),
        share("margin_share", "Gross margin of net sales", "margin", "net"),
        share("estimated_share", "Share whose cost is estimated", "net_estimated", "net"),
    ),
    checks=(
        Check("cost_known", "Cost is known", {"$eq": ["$cost_basis", UNKNOWN]}, 0.1, blocks=False),
        HAS_RATE,
    ),
    freshness_hours=30,
    build=build,
)
