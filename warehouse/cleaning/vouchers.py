"""Which documents count, and what marks them: drafts, cancelled, amended, returns, opening (C1-C6).

Every function builds a MongoDB expression over the fields of a document at the top level, as the
feeds of `warehouse.datasets` see them.
"""

from __future__ import annotations

from typing import Any

Expression = dict[str, Any]

SUBMITTED = 1
# What the shop integrations of Frappe's marketplace add to a Sales Invoice.
ONLINE_ORDER_FIELDS = ("shopify_order_id", "unicommerce_order_code", "woocommerce_id")
# What the expressions below look at, for a source's declaration.
VOUCHER_FIELDS = ("docstatus", "is_return", "is_opening", "amended_from", "return_against")
INTERNAL_FIELDS = ("represents_company", "inter_company_invoice_reference")


def is_draft() -> Expression:
    """Return an expression: whether nobody has submitted the document (C1)."""
    return {"$eq": [_docstatus(), 0]}


def is_cancelled() -> Expression:
    """Return an expression: whether the document is cancelled, amended or not (C2)."""
    return {"$not": [{"$in": [_docstatus(), [0, SUBMITTED]]}]}


def is_amended() -> Expression:
    """Return an expression: whether the document took the place of a cancelled one (C2)."""
    return has_text("$amended_from")


def is_return() -> Expression:
    """Return an expression: whether the document is a return or a credit note (C3)."""
    return {"$eq": ["$is_return", 1]}


def is_opening() -> Expression:
    """Return an expression: whether the document opens the books (C4)."""
    return {"$eq": ["$is_opening", "Yes"]}


def is_internal() -> Expression:
    """Return an expression: whether the other party is a company of the group (C5)."""
    flags = [{"$eq": [f"$is_internal_{party}", 1]} for party in ("customer", "supplier")]
    return {"$or": [*flags, *(has_text(f"${field}") for field in INTERNAL_FIELDS)]}


def is_merged_pos_invoice() -> Expression:
    """Return an expression: whether a Sales Invoice already contains the POS Invoice (C6)."""
    return has_text("$consolidated_invoice")


def is_value_only(line: str, original: str) -> Expression:
    """Return an expression: whether a return's line gives back money but perhaps no goods (C3).

    `line`: the path of the line, `original`: its field that names the line it goes against, among
    the items of the document looked up into `returned`. ERPNext has no field for a price reduction:
    its credit note repeats the quantity of the original line without moving stock. A return whose
    goods came back otherwise looks the same, so the row is marked and keeps its quantity.
    """
    is_the_original = {"$eq": ["$$sold.name", f"{line}.{original}"]}
    sold = {"$filter": {"input": "$returned.items", "as": "sold", "cond": is_the_original}}
    sold_qty = {"$first": {"$map": {"input": sold, "as": "sold", "in": "$$sold.qty"}}}
    return {
        "$and": [
            is_return(),
            {"$ne": ["$update_stock", 1]},
            {"$eq": [{"$multiply": [-1, f"{line}.qty"]}, sold_qty]},
        ]
    }


def name_channel(*, is_pos_invoice: bool = False) -> Any:
    """Return an expression: pos, online or direct, how a sale came about."""
    if is_pos_invoice:
        return "pos"
    ordered_online = {"$or": [has_text(f"${field}") for field in ONLINE_ORDER_FIELDS]}
    return {
        "$switch": {
            "branches": [
                {"case": {"$eq": ["$is_pos", 1]}, "then": "pos"},
                {"case": ordered_online, "then": "online"},
            ],
            "default": "direct",
        }
    }


def mark(**applied: Expression) -> Expression:
    """Return the list of the codes whose condition holds: `mark(C3=is_return())`."""
    marks = [{"$cond": [condition, [code], []]} for code, condition in applied.items()]
    return {"$concatArrays": marks}


def has_text(path: str) -> Expression:
    """Return an expression: whether the field at `path` is filled."""
    return {"$gt": [{"$ifNull": [path, ""]}, ""]}


def _docstatus() -> Expression:
    return {"$ifNull": ["$docstatus", 0]}
