"""What is in stock, by item and warehouse, as of today: the stock ledger, summed as ERPNext does.

A Stock Reconciliation without batches sets the quantity, every other entry adds to it. Value is the
sum of value differences. Age is first in, first out: what is left came last.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from warehouse.cleaning.currency import is_unconverted, round_money
from warehouse.cleaning.units import KG
from warehouse.cleaning.vouchers import has_text, mark
from warehouse.datasets.columns import (
    balance,
    day,
    flag,
    known_by,
    link,
    ratio,
    share,
    text,
    within,
)
from warehouse.datasets.declaration import Check, Dataset, Feed, Partition, Source, TieOut
from warehouse.datasets.expiry import BUNDLE, EXPIRY_SOURCES, find_expiring
from warehouse.datasets.lines import (
    HAS_RATE,
    ITEMS,
    SETTINGS,
    as_flag,
    has_no_unit,
    in_unit,
    rate_of_balance,
)
from warehouse.datasets.money import exact_or_zero, literal
from warehouse.identity.items import ITEM_EVIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from warehouse.datasets.declaration import Expression, Stages
    from warehouse.datasets.scope import Scope

LEDGER = "Stock Ledger Entry"
RECONCILIATION = "Stock Reconciliation"
# Days back from today: receipts of these are what stock of that age came from.
AGES = (("aged_0_15", 0, 15), ("aged_16_30", 16, 30), ("aged_31_60", 31, 60))
OLDER = "aged_61_plus"
ISSUE_DAYS, IDLE_DAYS, EXPIRY_DAYS = 30, 90, 30
# A reconciliation sets what there is of an item in a warehouse, whatever the entries' UOM.
COUNTED = ("company", "item_code", "warehouse")
ZERO = literal("0")


def build(scope: Scope) -> list[Feed]:
    """Return one row for each item and warehouse that the stock ledger knows."""
    stages: Stages = [
        {"$match": {"is_cancelled": {"$ne": 1}, "posting_date": {"$lte": scope.as_of}}},
        {"$match": {"docstatus": {"$ne": 2}}},
        *find_expiring(scope, _days_ago(scope, -EXPIRY_DAYS)),
        {"$set": _read_entry(scope)},
        *_sum_since_reset(),
        *scope.crosswalk("items", "_id.item_code", "item"),
        {"$set": {**_place_ages(), "inr_rate": rate_of_balance(scope, "$_id.company")}},
    ]
    return [Feed(of=LEDGER, stages=stages, row=_row(scope))]


def _read_entry(scope: Scope) -> dict[str, Expression]:
    """Return an entry's quantity, whether it sets the stock, and what it says of movement."""
    sets = {
        "$and": [
            {"$eq": ["$voucher_type", RECONCILIATION]},
            {"$not": [{"$or": [has_text("$batch_no"), has_text("$serial_and_batch_bundle")]}]},
        ]
    }
    added = exact_or_zero("$actual_qty")
    since = {"$gt": ["$posting_date", _days_ago(scope, ISSUE_DAYS)]}
    return {
        "sets": as_flag(sets),
        "added": {"$cond": [sets, exact_or_zero("$qty_after_transaction"), added]},
        "value": exact_or_zero("$stock_value_difference"),
        "issued": {"$cond": [{"$and": [since, {"$lt": [added, 0]}]}, {"$abs": added}, ZERO]},
        **{name: _if_received(scope, added, newest, oldest) for name, newest, oldest in AGES},
        "moment": _seconds_of_day(),
    }


def _seconds_of_day() -> Expression:
    """Return the seconds of posting_time, a duration (`7:47:29.37`) that does not sort as text."""
    parts = {"$split": [{"$ifNull": ["$posting_time", ""]}, ":"]}
    seconds = {"$add": [{"$multiply": ["$$value", 60]}, _to_number("$$this")]}
    return {"$reduce": {"input": parts, "initialValue": 0, "in": seconds}}


def _if_received(scope: Scope, added: Expression, newest: int, oldest: int) -> Expression:
    within = {
        "$and": [
            {"$gt": [added, 0]},
            {"$lte": ["$posting_date", _days_ago(scope, newest)]},
            {"$gte": ["$posting_date", _days_ago(scope, oldest)]},
        ]
    }
    return {"$cond": [within, added, ZERO]}


def _sum_since_reset() -> Stages:
    """Return stages: entries → one document an item and warehouse.

    Entries are numbered by how many reconciliations came before them; the last number counts.
    """
    key = ("company", "item_code", "warehouse", "stock_uom")
    order = {"posting_date": 1, "moment": 1, "creation": 1, "name": 1}
    summed = ("value", "issued", "expiring", *(name for name, _, _ in AGES))
    sums: dict[str, Any] = {name: {"$sum": f"${name}"} for name in summed}
    newest: dict[str, Any] = {"$top": {"sortBy": {"_id.resets": -1}, "output": "$qty"}}
    moved: dict[str, Any] = {"$max": "$last_moved"}
    return [
        {
            "$setWindowFields": {
                "partitionBy": {name: f"${name}" for name in COUNTED},
                "sortBy": order,
                "output": {
                    "resets": {"$sum": "$sets", "window": {"documents": ["unbounded", "current"]}}
                },
            }
        },
        {
            "$group": {
                "_id": {**{one: f"${one}" for one in key}, "resets": "$resets"},
                "qty": {"$sum": "$added"},
                **sums,
                "last_moved": {"$max": "$posting_date"},
            }
        },
        {
            "$group": {
                "_id": {one: f"$_id.{one}" for one in key},
                "qty": newest,
                **sums,
                "last_moved": moved,
            }
        },
    ]


def _place_ages() -> dict[str, Expression]:
    """Return how much of the stock is of each age: what is left was received last."""
    stock = {"$max": ["$qty", ZERO]}
    left: Expression = stock
    aged: dict[str, Expression] = {}
    for name, _, _ in AGES:
        aged[name] = {"$min": [left, f"${name}"]}
        left = {"$subtract": [left, aged[name]]}
    return {**aged, OLDER: left}


def _row(scope: Scope) -> dict[str, Expression]:
    idle = {"$lt": ["$last_moved", _days_ago(scope, IDLE_DAYS)]}
    value = {"$multiply": ["$value", "$inr_rate"]}
    return {
        "company": "$_id.company",
        "item_code": "$_id.item_code",
        "warehouse": "$_id.warehouse",
        "stock_uom": "$_id.stock_uom",
        "item_group": "$item.item_group",
        "item_id": "$item.item_id",
        "crop": "$item.crop",
        "business": "$item.business",
        "last_moved": "$last_moved",
        "negative": as_flag({"$lt": ["$qty", 0]}),
        "idle": as_flag(idle),
        "qty": "$qty",
        "qty_kg": in_unit(KG, "$qty"),
        "value": round_money(value),
        "issued_30d": "$issued",
        **{name: f"${name}" for name in (*(name for name, _, _ in AGES), OLDER)},
        "near_expiry": "$expiring",
        "idle_value": {"$cond": [idle, round_money(value), ZERO]},
        "qty_unconverted": as_flag(has_no_unit()),
        "rate_missing": as_flag(is_unconverted()),
        "cleaned": mark(C7=is_unconverted(), C8=has_no_unit(), C13={"$eq": ["$item.unmapped", 1]}),
    }


def _days_ago(scope: Scope, days: int) -> str:
    return (date.fromisoformat(scope.as_of) - timedelta(days=days)).isoformat()


def _to_number(part: str) -> Expression:
    return {"$convert": {"input": part, "to": "double", "onError": 0, "onNull": 0}}


def _add_rows(column: str) -> Callable[[Scope], Stages]:
    group = {"item_code": "$item_code", "warehouse": "$warehouse"}
    return lambda _: [{"$group": {"_id": group, "total": {"$sum": f"${column}"}}}]


def _add_bins(_scope: Scope) -> Feed:
    group = {"item_code": "$item_code", "warehouse": "$warehouse"}
    total = {"$sum": exact_or_zero("$actual_qty")}
    return Feed(of="Bin", row={}, stages=[{"$group": {"_id": group, "total": total}}])


def _add_bin_values(scope: Scope) -> Feed:
    group = {"item_code": "$item_code", "warehouse": "$warehouse"}
    value = {"$multiply": [exact_or_zero("$stock_value"), "$inr_rate"]}
    stages: Stages = [
        *scope.lookup("Warehouse", "warehouse", "of_warehouse"),
        {"$set": {"inr_rate": rate_of_balance(scope, "$of_warehouse.company")}},
        {"$group": {"_id": group, "total": {"$sum": value}}},
    ]
    return Feed(of="Bin", row={}, stages=stages)


_QTY = f"{LEDGER}.actual_qty"
_VALUE = f"{LEDGER}.stock_value_difference"

DATASET = Dataset(
    slug="stock_snapshot",
    title="Stock",
    description="What is in stock of each item in each warehouse, and its value, as of the day.",
    owner="Stores",
    grain="one item in one warehouse, as of a day",
    key=("instance", "company", "item_code", "warehouse"),
    partition=Partition.INSTANCE_AS_OF,
    sources=(
        Source(
            LEDGER,
            (
                *("company", "item_code", "warehouse", "stock_uom", "posting_date", "posting_time"),
                *("creation", "voucher_type", "batch_no", "serial_and_batch_bundle", "docstatus"),
                *("actual_qty", "qty_after_transaction", "stock_value_difference", "is_cancelled"),
            ),
        ),
        Source("Bin", ("item_code", "warehouse", "actual_qty", "stock_value")),
        Source("Warehouse", ("company",), is_setting=True),
        *EXPIRY_SOURCES,
        *SETTINGS,
        ITEMS,
    ),
    cleaning=("C2", "C7", "C8", "C9", "C13"),
    dimensions=(
        link("company", "Company", f"{LEDGER}.company", f"{BUNDLE}.company"),
        link("item_code", "Item", f"{LEDGER}.item_code"),
        link("warehouse", "Warehouse", f"{LEDGER}.warehouse"),
        link("stock_uom", "UOM", f"{LEDGER}.stock_uom", title="Stock UOM"),
        link("item_group", "Item Group", "Item.item_group"),
        known_by(text("item_id", "Item across instances", f"{LEDGER}.item_code"), ITEM_EVIDENCE),
        text("crop", "Crop", "Item.item_name"),
        text("business", "Business", "Item.item_group"),
        day("last_moved", "Last movement", f"{LEDGER}.posting_date"),
        within(flag("negative", "Negative stock", _QTY), *COUNTED),
        flag("idle", "Without movement for 90 days", f"{LEDGER}.posting_date"),
    ),
    measures=(
        within(
            balance("qty", "Quantity", "stock UOM", _QTY, description="Sum it for one item."),
            *COUNTED,
        ),
        within(balance("qty_kg", "Weight", "kg", _QTY), *COUNTED),
        balance("value", "Value", "INR", _VALUE),
        balance("issued_30d", "Issued in 30 days", "stock UOM", _QTY),
        *(
            within(balance(name, title, "stock UOM", _QTY), *COUNTED)
            for name, title in (
                ("aged_0_15", "Received in the last 15 days"),
                ("aged_16_30", "16 to 30 days ago"),
                ("aged_31_60", "31 to 60 days ago"),
                (OLDER, "Over 60 days ago"),
            )
        ),
        balance(
            "near_expiry", "Expiring within 30 days", "stock UOM", _QTY,
            "Batch.expiry_date", "Serial and Batch Bundle.entries.qty",
        ),
        balance("idle_value", "Value without movement", "INR", _VALUE),
        balance("qty_unconverted", "Rows without kg, litre or number", "rows"),
        balance("rate_missing", "Rows without a rate to INR", "rows"),
        ratio("days_of_cover", "Days of cover", "days", ("qty", "issued_30d"), factor=ISSUE_DAYS),
        share("idle_share", "Share without movement", "idle_value", "value"),
    ),
    checks=(
        Check("positive", "Stock is not negative", {"$eq": ["$negative", 1]}, 0.05, blocks=False),
        HAS_RATE,
    ),
    tie_outs=(
        TieOut("bin_qty", "Quantity is the Bin's", _add_rows("qty"), _add_bins),
        TieOut("bin_value", "Value is the Bin's", _add_rows("value"), _add_bin_values),
    ),
    freshness_hours=30,
    build=build,
)  # fmt: skip
