"""What this site changed in ERPNext's DocTypes: custom fields and property setters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.books.doctypes import TABLE_TYPES

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.site.dataset import Row

# DocType, field, property, type, value.
_PROPERTY_SETTERS = (
    ("Customer", "custom_home_hamlet", "in_list_view", "Check", "1"),
    ("Sales Invoice", "po_no", "label", "Data", "Customer's Order"),
)
_COPIED = ("label", "fieldname", "fieldtype", "reqd", "hidden", "in_list_view", "permlevel")


def add_customisations(book: Book) -> None:
    """Apply the property setters to the metas, and add the documents that say what changed."""
    for doctype, fieldname, key, kind, value in _PROPERTY_SETTERS:
        for field in book.metas[doctype]["fields"]:
            if field["fieldname"] == fieldname:
                field[key] = int(value) if kind == "Check" else value
        setter = {"doctype_or_field": "DocField", "doc_type": doctype, "field_name": fieldname}
        setter |= {"property": key, "property_type": kind, "value": value}
        book.add_master("Property Setter", f"{doctype}-{fieldname}-{key}", setter)
    for doctype, meta in book.metas.items():
        _add_custom_fields(book, doctype, meta["fields"])


def _add_custom_fields(book: Book, doctype: str, fields: list[Row]) -> None:
    before = None
    for field in fields:
        if field.get("is_custom_field"):
            values = {key: field[key] for key in _COPIED}
            values |= {"dt": doctype, "options": field.get("options"), "insert_after": before}
            book.add_master("Custom Field", field["name"], {**values, "idx": field["idx"]})
        if field["fieldtype"] not in TABLE_TYPES:
            before = field["fieldname"]
