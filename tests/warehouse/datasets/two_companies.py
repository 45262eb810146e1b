"""Books of two companies in one instance, and what ERPNext says of who may see one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.warehouse.access.worlds import World, make_field, make_meta, read_rule
from tests.warehouse.datasets.golden import MASTERS, fill, load
from warehouse.datasets.registry import load_registry
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.transforming import Books

OWN, OTHER = "Sahaja", "Other"
# The links to Company of ERPNext 15 that User Permissions apply to; other DocTypes have none.
COMPANY_LINKS = {
    "Account": ("company",),
    "Bank Account": ("company",),
    "Customer": ("credit_limits.company",),
    "Delivery Note": ("company",),
    "GL Entry": ("company",),
    "Journal Entry": ("company",),
    "POS Closing Entry": ("company",),
    "POS Invoice": ("company",),
    "Payment Entry": ("company",),
    "Payment Ledger Entry": ("company",),
    "Purchase Invoice": ("company", "represents_company"),
    "Purchase Receipt": ("company",),
    "Sales Invoice": ("company",),
    "Serial and Batch Bundle": ("company",),
    "Stock Ledger Entry": ("company",),
}
# No row of an aggregate keeps these apart; a Property Setter may let User Permissions ignore them.
NOT_KEPT_APART = ("Bank Account.company", "Customer.credit_limits.company",
                  "Purchase Invoice.represents_company")  # fmt: skip
BUNDLE = "Serial and Batch Bundle"


def make_company_world(*ignored: str) -> World:
    """Return a site whose employee reads all that datasets are made of, of one company.

    `ignored`: links that User Permissions do not apply to there.
    """
    world = World()
    for doctype in registered_doctypes():
        fields = []
        for path in COMPANY_LINKS.get(doctype, ()):
            table, _, name = path.rpartition(".")
            is_ignored = int(f"{doctype}.{path}" in ignored)
            link = make_field(name, "Link", "Company", ignore_user_permissions=is_ignored)
            if table:
                world.add_doctype(make_meta(f"Row of {doctype}", link), is_child=True)
            fields.append(make_field(table, "Table", f"Row of {doctype}") if table else link)
        world.add_doctype(make_meta(doctype, *fields))
        world.grant(doctype, read_rule())
    return world.permit("Company", OWN)


def registered_doctypes() -> set[str]:
    """Return the DocTypes that datasets are made of."""
    registry = load_registry()
    return {name for one in registry.datasets.values() for name in registry.doctypes_under(one)}


async def put_own(books: Books) -> None:
    """Store the golden books of the one company, and what in them names the other's documents."""
    own = [fill("one", document) for document in load("books")["one"]]
    await books.put(*own, *_strays(), instance="one")


async def put_other(books: Books) -> None:
    """Store the same books for the other company, with documents, accounts and hubs of its own."""
    copied = [
        fill("one", document)
        for document in load("books")["one"]
        if document["doctype"] not in MASTERS - {"Account", "Warehouse", "Bin"}
    ]
    names = {name for document in copied for name in _names(document)}
    renamed = [_rename(document, names) | {"company": OTHER} for document in copied]
    company = {"doctype": "Company", "name": OTHER, "default_currency": "INR"}
    await books.put(company, *renamed, *_of_other(), instance="one")


async def remove(condition: dict[str, Any]) -> None:
    """Remove documents of the instance, of which there are some."""
    raw = raw_model("one").get_pymongo_collection()
    removed = await raw.delete_many(condition)
    assert removed.deleted_count > 1


def _names(value: Any) -> Iterator[str]:
    """Yield the names of a document and of its rows."""
    if isinstance(value, dict):
        if isinstance(value.get("name"), str):
            yield value["name"]
        for one in value.values():
            yield from _names(one)
    elif isinstance(value, list):
        for one in value:
            yield from _names(one)


def _rename(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _rename(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_rename(one, names) for one in value]
    return f"{value} O" if isinstance(value, str) and value in names else value


def _of_other() -> list[dict[str, Any]]:
    """Return documents of the other company that those of `_strays` name."""
    entry = {"item_code": "TOOR", "warehouse": "Far Hub", "is_cancelled": 0}
    entry |= {"posting_date": "2025-06-01", "valuation_rate": 7.0, "stock_value_difference": -7.0}
    line = {"name": "far", "item_code": "TOOR", "stock_qty": 100}
    found = [
        {"doctype": "Account", "name": "Far Bank", "account_type": "Bank"},
        {"doctype": "Account", "name": "Far Debtors", "account_type": "Receivable"},
        {"doctype": "Delivery Note", "name": "DN-FAR", "items": [line]},
        {"doctype": "Stock Ledger Entry", "name": "SLE-FAR", "voucher_detail_no": "far"} | entry,
        {"doctype": BUNDLE, "name": "SBB-FAR", "entries": [{"batch_no": "SOON", "qty": 3}]},
        {"doctype": "Sales Invoice", "name": "SI-FAR", "docstatus": 0, "is_return": 1,
         "return_against": "SI-1", "update_outstanding_for_self": 0},
    ]  # fmt: skip
    return [fill("one", document) | {"company": OTHER} for document in found]


def _strays() -> list[dict[str, Any]]:
    """Return documents that no ERPNext has: of our company, they name documents of the other."""
    day = {"posting_date": "2025-06-20"}
    ledger = {"account_type": "Receivable", "party_type": "Customer", "party": "Ganesha"}
    ledger |= {"account": "Debtors", "voucher_type": "Sales Invoice", "voucher_no": "SI-FAR"}
    ledger |= {"against_voucher_type": "Sales Invoice", "against_voucher_no": "SI-FAR"}
    line = {"name": "stray", "item_code": "TOOR", "warehouse": "Stores", "stock_qty": 10}
    lines = [
        line | {"delivery_note": "DN-FAR", "dn_detail": "far", "base_net_amount": 100},
        line | {"name": "stray too", "warehouse": "Far Hub", "base_net_amount": 10},
    ]
    entry = {"item_code": "SEED", "warehouse": "Stores", "stock_uom": "Nos", "actual_qty": 1}
    found = [
        {"doctype": "Batch", "name": "SOON", "expiry_date": "2025-08-01"},
        {"doctype": "GL Entry", "name": "GL-STRAY", "account": "Far Bank", "debit": 5, **day},
        {"doctype": "GL Entry", "name": "GL-FAR", "account": "Far Debtors", "debit": 7,
         "party_type": "Customer", "party": "Ganesha", **day},
        {"doctype": "Payment Ledger Entry", "name": "PLE-STRAY", "amount": 9, **ledger, **day},
        {"doctype": "Sales Invoice", "name": "SI-STRAY", "items": lines, **day},
        {"doctype": "Stock Ledger Entry", "name": "SLE-NEAR", **entry, **day,
         "voucher_detail_no": "far", "stock_value_difference": -50},
        {"doctype": "Stock Ledger Entry", "name": "SLE-STRAY", **entry, **day,
         "serial_and_batch_bundle": "SBB-FAR", "voucher_type": "Purchase Receipt"},
    ]  # fmt: skip
    return [fill("one", document) for document in found]
