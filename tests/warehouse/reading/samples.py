"""A made-up DocType with fields of every kind, and documents of it in a real mongod."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from warehouse.access.verdict import Access, RoleBranch
from warehouse.documents.raw import raw_model
from warehouse.reading.columns import Columns
from warehouse.reading.doctypes import ServedDocType
from warehouse.reading.documents import Documents
from warehouse.reading.sessions import Sessions
from warehouse.reading.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.access.verdict import Branch

DOCTYPE = "Sample"
MOMENT = datetime(2025, 4, 1, tzinfo=UTC)


def fields(**fieldtypes: str) -> list[dict[str, Any]]:
    return [{"fieldname": name, "fieldtype": kind} for name, kind in fieldtypes.items()]


METAS = [
    {
        "name": DOCTYPE,
        "title_field": "title",
        "fields": [
            *fields(
                title="Data",
                party="Link",
                notes="Text Editor",
                is_paid="Check",
                qty="Int",
                total="Currency",
                day="Date",
                moment="Datetime",
                clock="Time",
                layout="Section Break",
                secret="Password",
            ),
            {"fieldname": "status", "fieldtype": "Select", "in_list_view": 1},
            {"fieldname": "shown", "fieldtype": "Data", "is_virtual": 1},
            {"fieldname": "items", "fieldtype": "Table", "options": "Sample Item"},
        ],
    },
    {"name": "Sample Item", "fields": fields(item_code="Link", qty="Float")},
]
COLUMNS = Columns.of(METAS)


def view(
    *branches: Branch, user: str = "u@x", hidden: Iterable[str] = (), doctype: str = DOCTYPE
) -> View:
    """What a user is shown: everything, unless branches or hidden fields say less."""
    return View.of(
        Access(
            instance="site",
            user=user,
            doctype=doctype,
            version="1",
            branches=branches or (RoleBranch(),),
            hidden=frozenset(hidden),
            metas=tuple(METAS),
        )
    )


def served(doctype: str = DOCTYPE, seen: View | None = None) -> ServedDocType:
    return ServedDocType(
        instance="site",
        doctype=doctype,
        module=None,
        is_single=False,
        is_custom=False,
        view=seen or view(doctype=doctype),
        stored=0,
        verified_at=None,
        attempted_at=None,
    )


def documents_of(doctype: str = DOCTYPE, seen: View | None = None) -> Documents:
    """Return the stored documents of a DocType as `seen`, or all of them."""
    collection = raw_model("site").get_pymongo_collection()
    return Documents(served(doctype, seen), collection, Sessions())


async def store(documents: Iterable[dict[str, Any]], doctype: str = DOCTYPE) -> None:
    """Store documents; the name is their place unless they have one."""
    rows = [
        {
            "doctype": doctype,
            "name": str(document.get("name", f"{place:04}")),
            "erp_modified": document.get("modified"),
            "synced_at": MOMENT,
            "content_hash": "hash",
            "document_data": document,
        }
        for place, document in enumerate(documents)
    ]
    if rows:
        await raw_model("site").get_pymongo_collection().insert_many(rows)
