"""The books of the model's site: a hundred documents of few DocTypes, stripped of what stays empty.

Farmer and Sales Invoice begin above the model's inventory limit, Payment Entry near it, the others
below. Rows are shared by all walks: the site never changes a row in place.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from demo.books import Mix, generate_books

if TYPE_CHECKING:
    from collections.abc import Iterable

    from demo.site.dataset import Dataset

Row = dict[str, Any]

DOCUMENTS = 300
MOST = {"Sales Invoice": 32, "Payment Entry": 19, "Item": 9, "Farmer": 30}
DOCTYPES = (
    "Customer",
    "Farmer",
    "Farmer Settings",
    "Farmer Tag",
    "Field Visit",
    "Item",
    "Payment Entry",
    "Sales Invoice",
)
SINGLES = frozenset({"Farmer Settings"})
TABLES = ("Table", "Table MultiSelect")
# Child tables that are empty at first; the model may fill them.
EMPTY_TABLES = {"Customer": "sales_team", "Item": "barcodes"}


@cache
def make_books() -> Dataset:
    """Return the dataset."""
    books = generate_books(DOCUMENTS, seed=1, mix=Mix.VOUCHERS)
    for doctype in DOCTYPES:
        documents = books.documents[doctype][: MOST.get(doctype, DOCUMENTS)]
        meta = books.metas[doctype]
        tables = {f["fieldname"]: f["options"] for f in meta["fields"] if f["fieldtype"] in TABLES}
        for fieldname, child in tables.items():
            rows = [row for document in documents for row in document[fieldname]]
            books.metas[child] = _strip(books.metas[child], rows, frozenset())
        filled = {name for name in tables if any(document[name] for document in documents)}
        kept = frozenset(filled | {EMPTY_TABLES.get(doctype, "")})
        books.metas[doctype] = stripped = _strip(meta, documents, kept)
        books.documents[doctype] = [_cut(document, stripped, books.metas) for document in documents]
    return books


def _strip(meta: Row, rows: Iterable[Row], kept: frozenset[str]) -> Row:
    """Return the meta without the fields that no row fills, but for links, secrets and tables."""
    rows = list(rows)
    fields = [
        field
        for field in meta["fields"]
        if field["fieldname"] in kept
        or (
            field["fieldtype"] not in TABLES
            and (
                field["fieldtype"] in {"Password", "Dynamic Link"}
                or field["is_virtual"]
                or any(row.get(field["fieldname"]) not in (None, 0, 0.0) for row in rows)
            )
        )
    ] or meta["fields"][:3]
    return {**meta, "fields": fields}


def _cut(row: Row, meta: Row, metas: dict[str, Row]) -> Row:
    """Return the row with the columns of its stripped meta."""
    named = {field["fieldname"]: field for field in meta["fields"]}
    described = {field["fieldname"] for field in meta["fields"] if not field["is_virtual"]}
    standard = ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx")
    of_children = ("parent", "parentfield", "parenttype", "doctype")
    kept = {key: row[key] for key in (*standard, *of_children, *described) if key in row}
    for key, value in kept.items():
        if isinstance(value, list):
            kept[key] = [_cut(child, metas[named[key]["options"]], metas) for child in value]
    return kept
