"""Whether User Permissions refuse an empty link: one Check of System Settings, strict in doubt.

A Check that ERPNext strips comes as 0, as one that is off does. So it is believed to be off only if
the key reads the field, at whatever level a Property Setter has put it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.access.reader import unread_fields

if TYPE_CHECKING:
    from warehouse.access.snapshot import Snapshot
    from warehouse.access.tables import Row, Rows

SETTINGS, FIELD = "System Settings", "apply_strict_user_permissions"
_SET_BY = ("permlevel", "mask")


def is_strict(snapshot: Snapshot, rows: Rows, settings: Row) -> bool:
    """Return what `settings`, as the key's user was given them, say; True where they can't."""
    value = settings.get(FIELD)
    field: dict[str, Any] = {"fieldname": FIELD, "fieldtype": "Check"}
    for row in rows["Property Setter"]:
        if (row["doc_type"], row["field_name"]) == (SETTINGS, FIELD) and row["property"] in _SET_BY:
            field[row["property"]] = row["value"]
    is_read = not unread_fields(snapshot, ({"name": SETTINGS, "fields": [field]},))
    return not is_read or str(value) != "0"
