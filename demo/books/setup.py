"""The small masters that every site has from its first day: groups, units, years."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from demo.books.people import add_people, add_restrictions, name_employee

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.site.dataset import Row

STATES = ("Telangana", "Andhra Pradesh", "Karnataka")
CUSTOMER_GROUPS = ("Retailer", "Cooperative", "Member Farmer")
SUPPLIER_GROUPS = ("Grower", "Packing Supplier")
ITEM_GROUPS = ("Seed", "Paddy", "Millets", "Pulses", "Services")
# "Qtl." is the quintal of someone who found no other: cleaning has to see that they are one.
UNITS = (("Kg", 0), ("Nos", 1), ("Bag", 1), ("Quintal", 0), ("Qtl.", 0), ("Gram", 0))
KILOGRAMS = (("Quintal", 100.0), ("Gram", 0.001))
TAGS = ("pesticide-free", "kitchen garden", "బోరు బావి")


def add_setup(book: Book) -> None:
    """Add the masters that don't grow with the site; parents before what hangs on them."""
    add_people(book)
    _add_currencies(book)
    _add_years(book)
    for unit, whole in UNITS:
        book.add_master(
            "UOM", unit, {"uom_name": unit, "enabled": 1, "must_be_whole_number": whole}
        )
    for unit, kilograms in KILOGRAMS:
        factor: Row = {"category": "Mass", "from_uom": unit, "to_uom": "Kg", "value": kilograms}
        book.add_master("UOM Conversion Factor", f"MAT-UOM-CNV-{unit}", factor)
    add_tree(book, "Territory", "All Territories", STATES)
    add_tree(book, "Customer Group", "All Customer Groups", CUSTOMER_GROUPS)
    add_tree(book, "Supplier Group", "All Supplier Groups", SUPPLIER_GROUPS)
    add_tree(book, "Item Group", "All Item Groups", ITEM_GROUPS)
    for title, buying in (("Standard Selling", 0), ("Standard Buying", 1)):
        values = {"price_list_name": title, "enabled": 1, "currency": "INR"}
        book.add_master("Price List", title, values | {"buying": buying, "selling": 1 - buying})
    for tag in TAGS:
        book.add_master("Farmer Tag", tag, {"tag": tag})
    add_restrictions(book)
    _add_traces(book)


def add_tree(book: Book, doctype: str, root: str, leaves: tuple[str, ...]) -> None:
    """Add a tree of one root and its leaves, with the numbers of a nested set."""
    fieldname = doctype.lower().replace(" ", "_")
    top: Row = {f"{fieldname}_name": root, "is_group": 1, "lft": 1, "rgt": 2 * len(leaves) + 2}
    book.add_master(doctype, root, top)
    for place, leaf in enumerate(leaves, 1):
        node = {f"{fieldname}_name": leaf, f"parent_{fieldname}": root, "old_parent": root}
        book.add_master(doctype, leaf, node | {"lft": 2 * place, "rgt": 2 * place + 1})


def _add_currencies(book: Book) -> None:
    for code, fraction, symbol in (("INR", "Paisa", "₹"), ("USD", "Cent", "$")):
        values = {"currency_name": code, "enabled": 1, "fraction": fraction, "symbol": symbol}
        values |= {"fraction_units": 100, "smallest_currency_fraction_value": 0.01}
        book.add_master("Currency", code, values | {"number_format": "#,##,###.##"})


def _add_years(book: Book) -> None:
    for start in (2025, 2026):
        name = f"{start}-{start + 1}"
        dates = {"year_start_date": f"{start}-04-01", "year_end_date": f"{start + 1}-03-31"}
        book.add_master("Fiscal Year", name, {"year": name, **dates})


def _add_traces(book: Book) -> None:
    """Add one each of what was said and deleted."""
    sales = name_employee(book, "sales")
    said = {"comment_type": "Comment", "comment_email": sales, "content": "<p>Please check.</p>"}
    said |= {"reference_doctype": "Item Group", "reference_name": ITEM_GROUPS[0]}
    book.add_master("Comment", book.make_name(), said)
    gone = {"doctype": "Farmer Tag", "name": "trial plot", "tag": "trial plot", "docstatus": 0}
    deleted = {"deleted_doctype": "Farmer Tag", "deleted_name": "trial plot"}
    book.add_master("Deleted Document", book.make_name(), deleted | {"data": json.dumps(gone)})
