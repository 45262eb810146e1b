"""What was procured each season, by crop, hub and farmer: made of the procurement lines.

A row is of one supplier, so that farmers can be counted over any rows. What needs all farmers of a
season, crop and hub is carried on their rows so that it adds up: the weight of the ten largest of
them, and the median rate, weighted by each farmer's kilograms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.datasets.columns import (
    amount,
    distinct,
    highest,
    known_by,
    link,
    lowest,
    ratio,
    share,
    text,
    within,
)
from warehouse.datasets.declaration import Check, Dataset, Feed, Partition, Upstream
from warehouse.datasets.lines import HAS_RATE, RATE_MISSING, rate_per_kg, sum_whole
from warehouse.datasets.money import literal
from warehouse.identity.parties import PARTY_EVIDENCE

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Stages
    from warehouse.datasets.scope import Scope

LINES = "procurement_lines"
RECEIPT, INVOICE = "Purchase Receipt", "Purchase Invoice"
GROUP = ("company", "season_year", "season", "crop", "item_group", "business", "warehouse")
KEY = (*GROUP, "supplier", "party_id", "supplier_group")
COUNTED = ("accepted_kg", "rejected_kg", "organic_kg", "billed_kg", "lines")
MONEY = ("received", "landed", "amount", "amount_kg", "not_billed")
TOP_SUPPLIERS = 10
ZERO = literal("0")


def build(_scope: Scope) -> list[Feed]:
    """Return one row for each season, crop, hub and supplier."""
    sums = {name: {"$sum": f"${name}"} for name in (*COUNTED, *MONEY, "rate_missing")}
    ends = {"rate_min": {"$min": "$rate"}, "rate_max": {"$max": "$rate"}}
    middle = {"middle_rate": {"$avg": "$middle_rate"}}
    stages: Stages = [
        {"$set": {"rate": rate_per_kg("$amount_kg", "$billed_kg")}},
        *_find_middle(),
        {"$group": {"_id": {name: f"${name}" for name in KEY}, **sums, **ends, **middle}},
        {"$set": {name: f"$_id.{name}" for name in GROUP}},
        *_find_median(),
        *_find_largest(),
    ]
    row: dict[str, Any] = {name: f"$_id.{name}" for name in KEY}
    row |= {name: f"${name}" for name in (*COUNTED, *ends, "top_kg")}
    row |= sum_whole(*MONEY, "median_amount")
    return [Feed(of=LINES, stages=stages, row=row)]


def _find_middle() -> Stages:
    """Return stages that leave in `middle_rate` the one or two rates that half are above and below.

    Ranked from the highest, lines without a rate come last.
    """
    partition = {name: f"${name}" for name in GROUP}
    rank: dict[str, Any] = {"rank": {"$documentNumber": {}}}
    rated = {"$sum": {"$cond": [{"$eq": ["$rate", None]}, 0, 1]}}
    ranked: dict[str, Any] = {
        "partitionBy": partition,
        "sortBy": {"rate": -1},
        "output": {**rank, "rated": rated},
    }
    off = {"$abs": {"$subtract": [{"$multiply": ["$rank", 2]}, {"$add": ["$rated", 1]}]}}
    return [
        {"$setWindowFields": ranked},
        {"$set": {"middle_rate": {"$cond": [{"$lte": [off, 1]}, "$rate", None]}}},
    ]


def _find_median() -> Stages:
    """Return stages that set the median rate of the season, crop and hub times a row's kg.

    The average of two middle rates is theirs, whether one supplier has both or two have one each.
    """
    partition = {name: f"${name}" for name in GROUP}
    median = {"median": {"$avg": "$middle_rate"}}
    amount_at_median = {"$multiply": [{"$ifNull": ["$median", ZERO]}, "$billed_kg"]}
    return [
        {"$setWindowFields": {"partitionBy": partition, "output": median}},
        {"$set": {"median_amount": amount_at_median}},
    ]


def _find_largest() -> Stages:
    """Return stages that set `top_kg`: the weight of a row of the ten largest suppliers."""
    partition = {name: f"${name}" for name in GROUP}
    of_supplier = {**partition, "party_id": "$_id.party_id"}
    supplied = {"supplied_kg": {"$sum": "$accepted_kg"}}
    ranked: dict[str, Any] = {"rank": {"$denseRank": {}}}
    is_top = {"$lte": ["$rank", TOP_SUPPLIERS]}
    return [
        {"$setWindowFields": {"partitionBy": of_supplier, "output": supplied}},
        {"$set": {"by_weight": {"kg": "$supplied_kg", "party": "$_id.party_id"}}},
        {
            "$setWindowFields": {
                "partitionBy": partition,
                "sortBy": {"by_weight": -1},
                "output": ranked,
            }
        },
        {"$set": {"top_kg": {"$cond": [is_top, "$accepted_kg", ZERO]}}},
    ]


_QTY = (f"{RECEIPT}.items.stock_qty", f"{INVOICE}.items.stock_qty")
_NET = f"{INVOICE}.items.base_net_amount"
_RATE = (_NET, f"{INVOICE}.items.stock_qty")
_DATE = (f"{RECEIPT}.posting_date", f"{INVOICE}.posting_date")
_SUPPLIER = (f"{RECEIPT}.supplier", f"{INVOICE}.supplier")

DATASET = Dataset(
    slug="procurement_season",
    title="Procurement by season",
    description="Weights, amounts, rates and farmers of each season, crop and hub (warehouse).",
    owner="Procurement",
    grain="one season, crop, item group, warehouse and supplier",
    key=("instance", *KEY),
    partition=Partition.INSTANCE,
    sources=(Upstream(LINES),),
    cleaning=("C1", "C2", "C3", "C5", "C7", "C8", "C9", "C10", "C12", "C13"),
    dimensions=(
        link("company", "Company", f"{RECEIPT}.company", f"{INVOICE}.company"),
        text("season_year", "Year of the season", *_DATE, description="June to May: 2025-26"),
        text("season", "Season", *_DATE, description="kharif, rabi or summer"),
        text("crop", "Crop", "Item.item_name"),
        link("warehouse", "Warehouse", *(f"{one}.items.warehouse" for one in (RECEIPT, INVOICE))),
        link(
            "item_group", "Item Group", *(f"{one}.items.item_group" for one in (RECEIPT, INVOICE))
        ),
        text("business", "Business", "Item.item_group"),
        link("supplier", "Supplier", *_SUPPLIER),
        known_by(text("party_id", "Supplier across instances", *_SUPPLIER), PARTY_EVIDENCE),
        link("supplier_group", "Supplier Group", "Supplier.supplier_group"),
    ),
    measures=(
        amount("accepted_kg", "Accepted", "kg", *_QTY),
        amount(
            "rejected_kg",
            "Rejected",
            "kg",
            *(f"{one}.items.rejected_qty" for one in (RECEIPT, INVOICE)),
        ),
        amount("organic_kg", "Accepted, said to be organic", "kg", *_QTY),
        amount(
            "received", "Received at its price", "INR", f"{RECEIPT}.items.base_net_amount", _NET
        ),
        amount(
            "landed",
            "Received at its landed cost",
            "INR",
            *(f"{one}.items.valuation_rate" for one in (RECEIPT, INVOICE)),
        ),
        amount("amount", "Billed", "INR", _NET),
        amount("amount_kg", "Billed of what is in kg", "INR", _NET),
        amount("billed_kg", "Billed weight", "kg", *_QTY),
        amount("not_billed", "Received, not billed", "INR", f"{RECEIPT}.items.billed_amt"),
        amount("lines", "Lines", "lines"),
        amount("rate_missing", RATE_MISSING, "lines"),
        within(amount("median_amount", "Billed weight at the median rate", "INR", _NET), *GROUP),
        within(amount("top_kg", "Of the ten largest suppliers", "kg", *_QTY), *GROUP),
        ratio("rate_per_kg", "Average rate", "INR per kg", ("amount_kg", "billed_kg")),
        lowest("rate_min", "Lowest rate of a line", "INR per kg", *_RATE),
        highest("rate_max", "Highest rate of a line", "INR per kg", *_RATE),
        ratio("rate_p50", "Median rate", "INR per kg", ("median_amount", "billed_kg")),
        share("organic_share", "Share said to be organic", "organic_kg", "accepted_kg"),
        share("top10_share", "Share of the ten largest", "top_kg", "accepted_kg"),
        distinct("farmers", "Suppliers", "suppliers", "party_id"),
    ),
    checks=(
        Check(
            "crop_known",
            "The crop of produce is known",
            {"$and": [{"$eq": ["$business", "output"]}, {"$eq": ["$crop", None]}]},
            0.2,
            blocks=False,
        ),
        HAS_RATE,
    ),
    freshness_hours=30,
    build=build,
)
