"""What a list asks for, as Frappe's `frappe.client.get_list` takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Filter = tuple[str, str, Any]

ALL_COLUMNS = ("*",)
INVENTORY_COLUMNS = ("name", "modified", "creation")
BY_MODIFIED = "modified asc, name asc"
BY_NAME = "name asc"


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A list of `doctype`; `limit` 0 means every row, `parent` names a child table's parent."""

    doctype: str
    fields: tuple[str, ...] = INVENTORY_COLUMNS
    filters: tuple[Filter, ...] = ()
    or_filters: tuple[Filter, ...] = ()
    order_by: str | None = None
    limit: int = 0
    parent: str | None = None

    def body(self) -> dict[str, Any]:
        """Return the JSON body; an order is always sent, since Frappe has no default for REST."""
        body: dict[str, Any] = {
            "doctype": self.doctype,
            "fields": self.fields,
            "filters": self.filters,
            "limit_page_length": self.limit,
            "order_by": self.order_by or BY_NAME,
        }
        if self.or_filters:
            body["or_filters"] = self.or_filters
        if self.parent:
            body["parent"] = self.parent
        return body
