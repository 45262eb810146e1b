"""What was bought, line by line: goods as Purchase Receipts count them, money as invoices say.

A Purchase Receipt is goods and no money, a Purchase Invoice money and no goods, unless it updates
stock: then it is both. So kilograms and rupees are each counted once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.cleaning import vouchers
from warehouse.cleaning.currency import to_inr
from warehouse.cleaning.units import KG
from warehouse.datasets.columns import (
    amount,
    distinct,
    empty_in,
    flag,
    known_by,
    link,
    ratio,
    share,
    text,
)
from warehouse.datasets.declaration import Check, Dataset, Feed, Partition, Source, Upstream
from warehouse.datasets.lines import (
    HAS_RATE,
    HEADER_FIELDS,
    ITEMS,
    LINE_FIELDS,
    REJECTS,
    SETTINGS,
    as_flag,
    in_unit,
    inr,
    line_columns,
    line_marks,
    line_measures,
    line_row,
    reject_undated,
    take_lines,
)
from warehouse.datasets.money import PLACES, exact_or_zero, literal
from warehouse.datasets.tax import TAX_FIELDS, line_tax, sum_items
from warehouse.identity.parties import PARTY_EVIDENCE

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression
    from warehouse.datasets.scope import Scope

RECEIPT, INVOICE = "Purchase Receipt", "Purchase Invoice"
ZERO, ONE = literal("0"), literal("1")
FIELDS = (
    *HEADER_FIELDS,
    *LINE_FIELDS,
    *vouchers.INTERNAL_FIELDS,
    *("supplier", "project", "is_internal_supplier", "items.rejected_qty", "items.valuation_rate"),
)


def build(scope: Scope) -> list[Feed]:
    """Return one row for each item row of a receipt or an invoice that counts."""
    return [_make_feed(scope, RECEIPT), _make_feed(scope, INVOICE)]


def _make_feed(scope: Scope, doctype: str) -> Feed:
    # A line without an item is of expenses, and a service moves no stock: money, and no goods.
    moves: Any = True if doctype == RECEIPT else {"$eq": ["$update_stock", 1]}
    is_goods = {"$and": [moves, {"$ne": ["$item.is_stock_item", 0]}]}
    return Feed(
        of=doctype,
        stages=[
            *(sum_items() if doctype == INVOICE else []),
            *take_lines(scope),
            *scope.crosswalk("parties", "supplier", "party", {"party_type": "Supplier"}),
            {"$set": {"_is_goods": is_goods, "_rejected_qty": _reject_qty()}},
        ],
        row={
            **line_row(),
            "voucher_type": {"$literal": doctype},
            "voucher": "$name",
            "supplier": "$supplier",
            "party_id": "$party.party_id",
            "supplier_group": "$party.party_group",
            "village": "$party.village",
            "goods": as_flag("$_is_goods"),
            **_quantities(),
            **(_money() if doctype == INVOICE else _no_money()),
        },
        rejects=[*REJECTS, reject_undated(scope)],
    )


def _reject_qty() -> Expression:
    """Return the rejected quantity in the stock UOM: the field is in the line's."""
    factor = exact_or_zero({"$ifNull": ["$items.conversion_factor", 1]})
    return {"$multiply": [exact_or_zero("$items.rejected_qty"), factor]}


def _quantities() -> dict[str, Expression]:
    value = {
        "$multiply": [exact_or_zero("$items.valuation_rate"), exact_or_zero("$items.stock_qty")]
    }
    return {
        "accepted_kg": _if_goods("$_kg", None),
        "rejected_kg": _if_goods(in_unit(KG, "$_rejected_qty"), None),
        "organic_kg": _if_goods({"$cond": [{"$eq": ["$item.organic", 1]}, "$_kg", None]}, None),
        "landed": _if_goods({"$multiply": [value, "$inr_rate"]}, exact_or_zero(0)),
        "received": _if_goods(inr("$items.base_net_amount"), exact_or_zero(0)),
    }


def _money() -> dict[str, Expression]:
    net = inr("$items.base_net_amount")
    return {
        "amount": net,
        "tax": {"$multiply": [line_tax(), "$inr_rate"]},
        "amount_kg": {"$cond": [{"$eq": ["$_kg", None]}, None, net]},
        "billed_kg": "$_kg",
        "not_billed": exact_or_zero(0),
        "cleaned": line_marks(),
    }


def _no_money() -> dict[str, Expression]:
    """Return the money of a receipt: none, but for what is still to be billed of it."""
    return {
        "amount": exact_or_zero(0),
        "tax": exact_or_zero(0),
        "amount_kg": None,
        "billed_kg": None,
        "not_billed": _await_bill(),
        "cleaned": line_marks(),
    }


def _await_bill() -> Expression:
    """Return what is still to be billed of a receipt's line, as ERPNext counts it in per_billed.

    What was sent back awaits no bill: it is taken off the line that it came with, whose
    returned_qty is in the stock UOM, and its own document, never billed, counts nothing.
    """
    net, received = exact_or_zero("$items.base_net_amount"), exact_or_zero("$items.stock_qty")
    kept = {"$subtract": [received, exact_or_zero("$items.returned_qty")]}
    kept_part = {"$cond": [{"$eq": [received, ZERO]}, ONE, {"$divide": [kept, received]}]}
    # billed_amt is in the document's currency, and a receipt that was closed awaits no bill.
    billed = {
        "$multiply": [
            exact_or_zero("$items.billed_amt"),
            exact_or_zero({"$ifNull": ["$conversion_rate", 1]}),
        ]
    }
    left = {"$max": [{"$subtract": [{"$multiply": [net, kept_part]}, billed]}, ZERO]}
    awaits = {
        "$and": [
            {"$lt": [{"$ifNull": ["$per_billed", 0]}, 100]},
            {"$ne": ["$status", "Closed"]},
            {"$not": [vouchers.is_return()]},
        ]
    }
    return {"$cond": [awaits, to_inr({"$round": [left, PLACES]}), ZERO]}


def _if_goods(value: Expression, otherwise: Expression) -> Expression:
    return {"$cond": ["$_is_goods", value, otherwise]}


_BOTH = (RECEIPT, INVOICE)
_SUPPLIER = tuple(f"{doctype}.supplier" for doctype in _BOTH)
_QTY = tuple(f"{doctype}.items.stock_qty" for doctype in _BOTH)
# Whether an invoice's line is goods.
_GOODS = (f"{INVOICE}.update_stock",)
_PRICE = tuple(f"{doctype}.items.base_net_amount" for doctype in _BOTH)
_NET = f"{INVOICE}.items.base_net_amount"
_NOT_BILLED = tuple(
    f"{RECEIPT}.items.{field}" for field in ("billed_amt", "returned_qty", "base_net_amount")
)

DATASET = Dataset(
    slug="procurement_lines",
    title="Procurement by line",
    description=(
        "Every item row of every submitted Purchase Receipt (goods) and Purchase Invoice (money; "
        "goods as well if it updates stock)."
    ),
    owner="Procurement",
    grain="one item row of a submitted Purchase Receipt or Purchase Invoice",
    key=("instance", "company", "voucher_type", "voucher", "line"),
    partition=Partition.INSTANCE_MONTH,
    sources=(
        Source(
            RECEIPT,
            (
                *(*FIELDS, "per_billed", "status", "conversion_rate", "items.billed_amt"),
                "items.returned_qty",
            ),
            date="posting_date",
        ),
        Source(
            INVOICE, (*FIELDS, "update_stock", "base_net_total", *TAX_FIELDS), date="posting_date"
        ),
        *SETTINGS,
        ITEMS,
        Upstream("parties", by=("supplier",)),
    ),
    rows_of=_BOTH,
    cleaning=("C1", "C2", "C3", "C4", "C5", "C7", "C8", "C9", "C10", "C12", "C13"),
    dimensions=(
        *line_columns(*_BOTH, party="supplier"),
        text("voucher_type", "Document type", description=f"{RECEIPT} or {INVOICE}"),
        text("voucher", "Document", *(f"{doctype}.name" for doctype in _BOTH)),
        link("supplier", "Supplier", *_SUPPLIER),
        known_by(text("party_id", "Supplier across instances", *_SUPPLIER), PARTY_EVIDENCE),
        text("supplier_group", "Supplier Group", *_SUPPLIER, "Supplier.supplier_group"),
        text("village", "Village", *_SUPPLIER, "Supplier.village", "Supplier.custom_village"),
        flag(
            "goods", "Goods", *_GOODS, *(f"{one}.items.item_code" for one in _BOTH),
            "Item.is_stock_item", description="The line brought goods, and not only a bill.",
        ),
    ),
    measures=(
        *line_measures(*_BOTH),
        amount("accepted_kg", "Accepted", "kg", *_QTY, *_GOODS),
        amount(
            "rejected_kg", "Rejected", "kg",
            *(f"{one}.items.rejected_qty" for one in _BOTH), *_GOODS,
        ),
        amount("organic_kg", "Accepted, said to be organic", "kg", *_QTY, *_GOODS),
        amount("received", "Received at its price", "INR", *_PRICE, *_GOODS),
        amount(
            "landed", "Received at its landed cost", "INR",
            *(f"{one}.items.valuation_rate" for one in _BOTH), *_GOODS,
        ),
        empty_in(
            amount("amount", "Billed", "INR", _NET, description="Before tax, returns taken off."),
            RECEIPT,
        ),
        empty_in(
            amount("tax", "Tax", "INR", f"{INVOICE}.taxes.base_tax_amount_after_discount_amount"),
            RECEIPT,
        ),
        empty_in(amount("amount_kg", "Billed of what is in kg", "INR", _NET), RECEIPT),
        amount("billed_kg", "Billed weight", "kg", *_QTY),
        empty_in(amount("not_billed", "Received, not billed", "INR", *_NOT_BILLED), INVOICE),
        ratio("rate_per_kg", "Rate", "INR per kg", ("amount_kg", "billed_kg")),
        share("organic_share", "Share said to be organic", "organic_kg", "accepted_kg"),
        share("unconverted_share", "Without kg, litre or number", "qty_unconverted", "lines"),
        distinct("suppliers", "Suppliers", "suppliers", "party_id"),
    ),
    checks=(
        HAS_RATE,
        Check("has_unit", "Units convert", {"$eq": ["$qty_unconverted", 1]}, 0.2, blocks=False),
    ),
    freshness_hours=30,
    build=build,
)  # fmt: skip
