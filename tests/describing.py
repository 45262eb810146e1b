"""Change what a sample site says of its DocTypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.ingesting import Ingester


def field(fieldname: str, fieldtype: str = "Data", **more: Any) -> dict[str, Any]:
    return {"fieldname": fieldname, "fieldtype": fieldtype, **more}


def list_doctype(ingester: Ingester, doctype: str, **values: Any) -> None:
    """Change the row of a DocType in the list of DocTypes."""
    ingester.site.control.do("describe", doctype=doctype, values=values)


def create_doctypes(ingester: Ingester, *names: str, **values: Any) -> None:
    row = {"module": "Many", "istable": 0, "issingle": 0, "is_virtual": 0, "custom": 1, **values}
    ingester.site.control.do_all(
        {
            "do": "describe",
            "doctype": name,
            "meta": {"doctype": "DocType", **row, "name": name, "fields": [field("title")]},
            "values": {**row, "modified": "2026-05-01 10:00:00"},
        }
        for name in names
    )
