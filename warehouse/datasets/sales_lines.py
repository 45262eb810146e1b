"""What was sold, line by line: the submitted Sales Invoices' items, returns with their sign.

POS Invoices count until a Sales Invoice has merged them, and are provisional until then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.cleaning import vouchers
from warehouse.cleaning.books import BOOK_FIELDS
from warehouse.cleaning.currency import to_inr
from warehouse.cleaning.places import place_fields
from warehouse.datasets.columns import amount, distinct, flag, known_by, link, ratio, share, text
from warehouse.datasets.declaration import Check, Dataset, Feed, Partition, Source, Upstream
from warehouse.datasets.lines import (
    HAS_RATE,
    HEADER_FIELDS,
    ITEMS,
    LINE_FIELDS,
    REJECTS,
    SETTINGS,
    as_flag,
    inr,
    line_columns,
    line_marks,
    line_measures,
    line_row,
    reject_undated,
    take_lines,
)
from warehouse.datasets.money import exact_or_zero
from warehouse.datasets.tax import TAX_FIELDS, line_tax, sum_items
from warehouse.identity.parties import PARTY_EVIDENCE

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression
    from warehouse.datasets.scope import Scope

SALES, POS = "Sales Invoice", "POS Invoice"
BOTH = (SALES, POS)
FIELDS = (
    *HEADER_FIELDS,
    *LINE_FIELDS,
    *vouchers.INTERNAL_FIELDS,
    *vouchers.ONLINE_ORDER_FIELDS,
    *("customer", "customer_group", "territory", "project", "is_internal_customer", "is_pos"),
    *("update_stock", "base_net_total", *TAX_FIELDS),
)


def build(scope: Scope) -> list[Feed]:
    """Return one row for each item row of an invoice that counts."""
    return [_make_feed(scope, doctype) for doctype in BOTH]


def _make_feed(scope: Scope, doctype: str) -> Feed:
    original = "sales_invoice_item" if doctype == SALES else "pos_invoice_item"
    is_value_only = vouchers.is_value_only("$items", original)
    return Feed(
        of=doctype,
        stages=[
            {"$set": {"_main": _find_main_line()}},
            *scope.lookup(_call_returned(doctype), "return_against", "returned"),
            *sum_items(),
            *take_lines(scope),
            *scope.crosswalk("parties", "customer", "party", {"party_type": "Customer"}),
            {
                "$set": {
                    **place_fields("Territory", "$territory", scope.books, scope.curated),
                    "value_only": is_value_only,
                }
            },
        ],
        row={
            **line_row(),
            **_party_row(),
            "invoice": "$name",
            "channel": vouchers.name_channel(is_pos_invoice=doctype == POS),
            "provisional": {"$literal": int(doctype == POS)},
            "value_only": as_flag("$value_only"),
            **_measure_row(),
            "cleaned": line_marks(C6={"$literal": doctype == POS}),
        },
        rejects=[*REJECTS, reject_undated(scope)],
    )


def _call_returned(doctype: str) -> str:
    """Return what invoices are called that a return goes against; they may be of any month."""
    return f"returned {doctype}"


def _find_main_line() -> Expression:
    """Return the name of an invoice's largest line, the first of them."""
    value = {"$abs": {"$ifNull": ["$$this.base_net_amount", 0]}}
    values = {"$map": {"input": {"$ifNull": ["$items", []]}, "in": value}}
    found = {"$indexOfArray": ["$$values", {"$max": "$$values"}]}
    main = {"$arrayElemAt": ["$items.name", found]}
    return {"$let": {"vars": {"values": values}, "in": main}}


def _party_row() -> dict[str, Expression]:
    return {
        "customer": "$customer",
        "party_id": "$party.party_id",
        "customer_group": "$customer_group",
        "territory": "$territory",
        "state": "$state",
        "district": "$district",
    }


def _measure_row() -> dict[str, Any]:
    net = exact_or_zero("$items.base_net_amount")
    discount = {"$subtract": [exact_or_zero("$items.base_amount"), net]}
    billed = {"$cond": ["$value_only", exact_or_zero(0), exact_or_zero("$items.stock_qty")]}
    return {
        "net": inr("$items.base_net_amount"),
        "tax": to_inr(line_tax()),
        "discount": to_inr(discount),
        "net_kg": {"$cond": [{"$eq": ["$_kg", None]}, None, inr("$items.base_net_amount")]},
        "qty_kg": "$_kg",
        "qty_litre": "$_litre",
        "qty_number": "$_number",
        "qty_billed": billed,
        "invoices": as_flag(
            {"$and": [{"$eq": ["$items.name", "$_main"]}, {"$not": [vouchers.is_return()]}]}
        ),
    }


def of_invoices(*fields: str) -> tuple[str, ...]:
    """Return fields of both kinds of invoice, as columns are declared to be of them."""
    return tuple(f"{doctype}.{field}" for doctype in BOTH for field in fields)


_NET = of_invoices("items.base_net_amount")
_QTY = of_invoices("items.stock_qty")
# A return is compared with the invoice that it goes against, which somebody may not see.
_RETURNED = of_invoices("items.qty", "is_return", "return_against", "update_stock")
CHANNEL = of_invoices("is_pos", *vouchers.ONLINE_ORDER_FIELDS)
TAX = "taxes.base_tax_amount_after_discount_amount"

DATASET = Dataset(
    slug="sales_lines",
    title="Sales by line",
    description="Every item row of every submitted Sales Invoice, at its net amount before tax.",
    owner="Sales",
    grain="one item row of a submitted Sales Invoice, or of a POS Invoice not yet merged into one",
    key=("instance", "company", "invoice", "line"),
    partition=Partition.INSTANCE_MONTH,
    sources=(
        Source(SALES, (*FIELDS, "items.sales_invoice_item"), date="posting_date"),
        Source(
            POS,
            (*FIELDS, "items.pos_invoice_item", "consolidated_invoice"),
            date="posting_date",
            is_optional=True,
        ),
        *(
            Source(
                doctype,
                ("items.name", "items.qty"),
                by=("return_against",),
                is_optional=doctype == POS,
                called=_call_returned(doctype),
            )
            for doctype in BOTH
        ),
        *SETTINGS,
        Source("Territory", BOOK_FIELDS["Territory"], is_setting=True),
        ITEMS,
        Upstream("parties", by=("customer",)),
    ),
    rows_of=BOTH,
    cleaning=("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C12", "C13", "C14"),
    dimensions=(
        *line_columns(*BOTH, party="customer"),
        text("invoice", "Invoice", *of_invoices("name")),
        link("customer", "Customer", *of_invoices("customer")),
        known_by(
            text("party_id", "Customer across instances", *of_invoices("customer")), PARTY_EVIDENCE
        ),
        link("customer_group", "Customer Group", *of_invoices("customer_group")),
        link("territory", "Territory", *of_invoices("territory")),
        text("state", "State", *of_invoices("territory")),
        text("district", "District", *of_invoices("territory")),
        text("channel", "Channel", *CHANNEL, description="pos, online or direct"),
        flag("provisional", "Not yet merged", description="A POS Invoice of a shift not closed."),
        known_by(
            flag(
                "value_only",
                "Perhaps of value only",
                *of_invoices("is_return"),
                description="A return of a line's whole quantity that moved no stock.",
            ),
            _RETURNED,
        ),
    ),
    measures=(
        *line_measures(*BOTH),
        amount("net", "Net sales", "INR", *_NET, description="Before tax, returns taken off."),
        amount("tax", "Tax", "INR", *of_invoices(TAX)),
        amount(
            "discount", "Discount on the invoice", "INR", *of_invoices("items.base_amount"), *_NET
        ),
        amount("net_kg", "Net sales of what is in kg", "INR", *_NET),
        amount("qty_kg", "Weight", "kg", *_QTY),
        amount("qty_litre", "Volume", "litre", *_QTY),
        amount("qty_number", "Number", "number", *_QTY),
        known_by(
            amount(
                "qty_billed",
                "Quantity without returns of value",
                "stock UOM",
                *_QTY,
                description="Sum it for one item.",
            ),
            _RETURNED,
        ),
        amount(
            "invoices",
            "Invoices",
            "invoices",
            *_NET,
            description="An invoice counts with its largest line; a return is none.",
        ),
        ratio("avg_rate", "Average rate", "INR per kg", ("net_kg", "qty_kg")),
        share("unconverted_share", "Without kg, litre or number", "qty_unconverted", "lines"),
        distinct("customers", "Customers", "customers", "party_id"),
    ),
    checks=(
        Check(
            "returns_take_away",
            "A return takes away",
            {"$and": [{"$eq": ["$is_return", 1]}, {"$gt": ["$net", 0]}]},
            blocks=False,
        ),
        HAS_RATE,
        Check(
            "has_unit", "Quantities convert", {"$eq": ["$qty_unconverted", 1]}, 0.2, blocks=False
        ),
    ),
    freshness_hours=30,
    build=build,
)
