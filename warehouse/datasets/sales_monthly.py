"""What was sold each month, by crop, channel, territory and customer: made of the sales lines.

A row is of one customer, so that customers can be counted over any rows and new ones told from
those of before. An invoice counts with the crop of its largest line, so that its number adds up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.datasets.columns import (
    amount,
    distinct,
    flag,
    growth,
    integer,
    known_by,
    link,
    new,
    ratio,
    returning,
    share,
    text,
)
from warehouse.datasets.declaration import Dataset, Feed, Partition, TieOut, Upstream
from warehouse.datasets.lines import HAS_RATE, RATE_MISSING, sum_whole
from warehouse.datasets.money import literal
from warehouse.datasets.sales_lines import CHANNEL, TAX, of_invoices
from warehouse.identity.parties import PARTY_EVIDENCE

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression, Stages
    from warehouse.datasets.scope import Scope

LINES = "sales_lines"
KEY = (
    *("company", "crop", "item_group", "business", "channel", "territory", "customer_group"),
    *("customer", "party_id", "internal", "fiscal_year", "fiscal_month", "fiscal_quarter"),
)
MONEY = ("net", "net_kg", "tax", "discount")
COUNTED = ("qty_kg", "qty_litre", "qty_number", "invoices", "lines")
ZERO = literal("0")


def build(_scope: Scope) -> list[Feed]:
    """Return one row for each month, crop, item group, channel, territory and customer."""
    is_return = {"$eq": ["$is_return", 1]}
    parted: dict[str, Expression] = {
        "sales": {"$sum": {"$cond": [is_return, ZERO, "$net"]}},
        "returns": {"$sum": {"$cond": [is_return, "$net", ZERO]}},
    }
    sums = {name: {"$sum": f"${name}"} for name in (*MONEY, *COUNTED, "rate_missing")}
    group = {"$group": {"_id": {name: f"${name}" for name in KEY}, **parted, **sums}}
    row: dict[str, Any] = {name: f"$_id.{name}" for name in KEY}
    row |= {name: f"${name}" for name in COUNTED} | sum_whole(*MONEY, *parted)
    return [Feed(of=LINES, stages=[group], row=row)]


def _add_rows(_scope: Scope) -> Stages:
    return [{"$group": {"_id": {"company": "$company"}, "total": {"$sum": "$net"}}}]


def _add_lines(_scope: Scope) -> Feed:
    """Return the net sales of the lines, but for those of a sum that lacks a rate."""
    sums = {name: {"$sum": f"${name}"} for name in ("net", "rate_missing")}
    stages: Stages = [
        {"$group": {"_id": {name: f"${name}" for name in KEY}, **sums}},
        {"$match": {"rate_missing": 0}},
        {"$group": {"_id": {"company": "$_id.company"}, "total": {"$sum": "$net"}}},
    ]
    return Feed(of=LINES, row={}, stages=stages)


_NET = of_invoices("items.base_net_amount")
_QTY = of_invoices("items.stock_qty")

DATASET = Dataset(
    slug="sales_monthly",
    title="Sales by month",
    description="Net sales of a month, and of it what was returned, by crop, channel, territory.",
    owner="Sales",
    grain="one month, crop, item group, channel, territory and customer",
    key=("instance", *KEY),
    partition=Partition.INSTANCE_MONTH,
    sources=(Upstream(LINES, is_same_month=True),),
    cleaning=("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C12", "C13"),
    dimensions=(
        link("company", "Company", *of_invoices("company")),
        text("crop", "Crop", "Item.item_name"),
        link("item_group", "Item Group", *of_invoices("items.item_group")),
        text("business", "Business", "Item.item_group"),
        text("channel", "Channel", *CHANNEL, description="pos, online or direct"),
        link("territory", "Territory", *of_invoices("territory")),
        link("customer_group", "Customer Group", *of_invoices("customer_group")),
        link("customer", "Customer", *of_invoices("customer")),
        known_by(
            text("party_id", "Customer across instances", *of_invoices("customer")), PARTY_EVIDENCE
        ),
        flag("internal", "Within the group"),
        text("fiscal_year", "Fiscal year", *of_invoices("posting_date")),
        integer("fiscal_month", "Month of the fiscal year", *of_invoices("posting_date")),
        text("fiscal_quarter", "Quarter of the fiscal year", *of_invoices("posting_date")),
    ),
    measures=(
        amount("net", "Net sales after returns", "INR", *_NET),
        amount("sales", "Net sales before returns", "INR", *_NET),
        amount("returns", "Returns", "INR", *_NET, description="Negative, as returns are."),
        amount("net_kg", "Net sales of what is in kg", "INR", *_NET),
        amount("tax", "Tax", "INR", *of_invoices(TAX)),
        amount(
            "discount", "Discount on the invoice", "INR", *of_invoices("items.base_amount"), *_NET
        ),
        amount("qty_kg", "Weight", "kg", *_QTY),
        amount("qty_litre", "Volume", "litre", *_QTY),
        amount("qty_number", "Number", "number", *_QTY),
        amount("invoices", "Invoices", "invoices"),
        amount("lines", "Lines", "lines"),
        amount("rate_missing", RATE_MISSING, "lines"),
        ratio("avg_rate", "Average rate", "INR per kg", ("net_kg", "qty_kg")),
        ratio("avg_invoice", "Average invoice", "INR", ("net", "invoices")),
        share("returned_share", "Returned of what was sold", "returns", "sales"),
        growth("growth_yoy", "Growth of net sales over the year before", "net"),
        distinct("customers", "Customers", "customers", "party_id"),
        new(
            "customers_new",
            "New customers",
            "customers",
            ("party_id", "invoices"),
            "Their first invoice is of one of these months; a return is no invoice.",
        ),
        returning("customers_repeat", "Customers of before", "customers", ("party_id", "invoices")),
    ),
    checks=(HAS_RATE,),
    tie_outs=(TieOut(LINES, "Net sales are those of the lines", _add_rows, _add_lines),),
    freshness_hours=30,
    build=build,
)
