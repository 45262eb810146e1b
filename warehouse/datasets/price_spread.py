"""What the farmer gets of what the customer pays, by crop and month.

Made of sales and procurement lines of produce. Rates are of what has a weight; where less than four
in five lines of a crop have one, the spread would be of something else, and the crop is set aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.datasets.columns import amount, highest, link, lowest, ratio, share, text
from warehouse.datasets.declaration import Dataset, Feed, Partition, Reject, Upstream
from warehouse.datasets.lines import HAS_RATE, RATE_MISSING, rate_per_kg, sum_whole
from warehouse.datasets.money import literal
from warehouse.datasets.procurement_lines import INVOICE, RECEIPT
from warehouse.datasets.sales_lines import BOTH
from warehouse.identity.item_traits import OUTPUT

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression, Stages
    from warehouse.datasets.scope import Scope

SALES, PROCUREMENT = "sales_lines", "procurement_lines"
LEAST_SHARE = 0.8
WEIGHTS = ("bought_kg", "landed_kg", "sold_kg")
MONEY = ("bought", "landed", "sold")
SUMS = (*WEIGHTS, *MONEY, "weighed", "counted", "rate_missing")
ZERO = literal("0")


def build(scope: Scope) -> list[Feed]:
    """Return one row for each crop and month."""
    bought = {
        "bought_kg": "$billed_kg",
        "bought": "$amount_kg",
        "landed_kg": "$accepted_kg",
        "landed": {"$cond": [{"$eq": ["$accepted_kg", None]}, ZERO, "$landed"]},
        "has_weight": {"$ne": [{"$ifNull": ["$billed_kg", "$accepted_kg"]}, None]},
        "farmer_rate": rate_per_kg("$amount_kg", "$billed_kg"),
    }
    sold = {
        "sold_kg": "$qty_kg",
        "sold": "$net_kg",
        "has_weight": {"$ne": ["$qty_kg", None]},
        "selling_rate": rate_per_kg("$net_kg", "$qty_kg"),
    }
    counts = {"weighed": {"$cond": ["$has_weight", 1, 0]}, "counted": {"$literal": 1}}
    key = {"company": "$company", "crop": "$crop"}
    sums = {name: {"$sum": f"${name}"} for name in SUMS}
    too_few = {"$lt": ["$weighed", {"$multiply": ["$counted", LEAST_SHARE]}]}
    return [
        Feed(
            of=SALES,
            stages=[
                *_choose(sold),
                *scope.union(PROCUREMENT, _choose(bought)),
                {"$set": counts},
                {"$group": {"_id": key, **sums, **_find_ends()}},
                {"$set": _compare()},
            ],
            row=_row(),
            rejects=[Reject("C8", too_few)],
        )
    ]


def _choose(columns: dict[str, Expression]) -> Stages:
    """Return stages that leave of produce outside the group what is summed."""
    chosen: dict[str, Any] = {"business": OUTPUT, "crop": {"$ne": None}, "internal": {"$ne": 1}}
    kept = dict.fromkeys(("company", "crop", "rate_missing"), 1)
    return [{"$match": chosen}, {"$project": {"_id": 0, **kept, **columns}}]


def _find_ends() -> dict[str, Any]:
    """Return the lowest and highest rate of a line, on either side."""
    return {
        f"{rate}_{end}": {f"${end}": f"${rate}"}
        for rate in ("farmer_rate", "selling_rate")
        for end in ("min", "max")
    }


def _compare() -> dict[str, Expression]:
    # What was sold, at the rate that farmers got: over it the share adds up.
    rate = {"$cond": [{"$gt": ["$bought_kg", 0]}, {"$divide": ["$bought", "$bought_kg"]}, None]}
    is_both = {"$and": [{"$gt": ["$bought_kg", 0]}, {"$gt": ["$sold_kg", 0]}]}
    return {
        "sold_at_farm_rate": {"$cond": [is_both, {"$multiply": [rate, "$sold_kg"]}, ZERO]},
        "sold_compared": {"$cond": [is_both, "$sold", ZERO]},
    }


def _row() -> dict[str, Any]:
    return {
        "company": "$_id.company",
        "crop": "$_id.crop",
        **{name: f"${name}" for name in (*WEIGHTS, *_find_ends())},
        **sum_whole(*MONEY, "sold_at_farm_rate", "sold_compared"),
        "lines": "$counted",
        "weighed": "$weighed",
    }


_BOUGHT = ("Purchase Invoice.items.base_net_amount", "Purchase Invoice.items.stock_qty")
_SOLD = ("Sales Invoice.items.base_net_amount", "Sales Invoice.items.stock_qty")
_LANDED = ("Purchase Receipt.items.valuation_rate", "Purchase Receipt.items.stock_qty")

DATASET = Dataset(
    slug="price_spread",
    title="Price spread",
    description=(
        "What farmers were paid for a kg of a crop, what it cost on arrival, and what it was sold "
        "for, in one month; and the farmer's share of the selling rate."
    ),
    owner="Management",
    grain="one crop and month",
    key=("instance", "company", "crop"),
    partition=Partition.INSTANCE_MONTH,
    sources=(Upstream(SALES, is_same_month=True), Upstream(PROCUREMENT, is_same_month=True)),
    cleaning=("C1", "C2", "C3", "C4", "C5", "C7", "C8", "C9", "C13"),
    dimensions=(
        link("company", "Company", *(f"{one}.company" for one in (*BOTH, RECEIPT, INVOICE))),
        text("crop", "Crop", "Item.item_name"),
    ),
    measures=(
        amount("bought_kg", "Bought", "kg", *_BOUGHT),
        amount("bought", "Paid to farmers", "INR", *_BOUGHT),
        amount("landed_kg", "Arrived", "kg", *_LANDED),
        amount("landed", "Cost on arrival", "INR", *_LANDED),
        amount("sold_kg", "Sold", "kg", *_SOLD),
        amount("sold", "Sold for", "INR", *_SOLD),
        amount("sold_at_farm_rate", "What was sold, at the farmers' rate", "INR", *_BOUGHT, *_SOLD),
        amount("sold_compared", "Sold for, where farmers' rate is known", "INR", *_SOLD),
        amount("lines", "Lines", "lines"),
        amount("weighed", "Lines with a weight", "lines"),
        amount("rate_missing", RATE_MISSING, "lines"),
        ratio("farmer_rate", "Farmers' rate", "INR per kg", ("bought", "bought_kg")),
        lowest("farmer_rate_min", "Lowest rate paid to a farmer", "INR per kg", *_BOUGHT),
        highest("farmer_rate_max", "Highest rate paid to a farmer", "INR per kg", *_BOUGHT),
        lowest("selling_rate_min", "Lowest selling rate", "INR per kg", *_SOLD),
        highest("selling_rate_max", "Highest selling rate", "INR per kg", *_SOLD),
        ratio("landed_rate", "Cost on arrival", "INR per kg", ("landed", "landed_kg")),
        ratio("selling_rate", "Selling rate", "INR per kg", ("sold", "sold_kg")),
        share("farmers_share", "Farmer's share", "sold_at_farm_rate", "sold_compared"),
        share("weighed_share", "Lines with a weight", "weighed", "lines"),
    ),
    checks=(HAS_RATE,),
    freshness_hours=30,
    build=build,
)
