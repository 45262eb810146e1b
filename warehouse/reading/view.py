"""What an access lets somebody see of a DocType, in the form in which reads need it.

All of it is made from metas from which the hidden fields were taken: what can be asked for, what
is shown, and how the DocType is described. So a hidden field is the same as none.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from warehouse.erpnext.meta import is_child_table
from warehouse.reading.columns import Columns
from warehouse.reading.shown import Shown

if TYPE_CHECKING:
    from warehouse.access.verdict import Access
    from warehouse.erpnext.meta import Meta

DIGEST_BYTES = 12


@dataclass(frozen=True, slots=True)
class View:
    """`digest` changes with anything of it: the user, the filter, what is shown."""

    access: Access
    metas: tuple[Meta, ...]
    columns: Columns
    shown: Shown
    digest: str

    @classmethod
    def of(cls, access: Access) -> View:
        """Return the view that an access gives."""
        metas = take_hidden(access)
        shown = Shown.of(metas)
        parts = (
            access.user,
            access.condition,
            sorted(shown.fields),
            {table: sorted(fields) for table, fields in shown.tables.items()},
        )
        content = msgspec.json.encode(parts, order="deterministic")
        digest = blake2b(content, digest_size=DIGEST_BYTES).hexdigest()
        return cls(access, metas, Columns.of(metas), shown, digest)


def take_hidden(access: Access) -> tuple[Meta, ...]:
    """Return the metas of an access without the fields that it hides.

    A child table's DocType may stand in several tables: what one of them hides, all do.
    """
    parent, *children = access.metas
    fields = [field for field in parent["fields"] if field["fieldname"] not in access.hidden]
    tables = [field for field in fields if is_child_table(field)]
    shown = parent | {"fields": fields}
    if shown.get("title_field") in access.hidden:
        shown["title_field"] = None
    return shown, *(
        child | {"fields": _of_rows(child, tables, access.hidden)}
        for child in children
        if any(table["options"] == child["name"] for table in tables)
    )


def _of_rows(child: Meta, tables: list[Meta], hidden: frozenset[str]) -> list[Meta]:
    names = [table["fieldname"] for table in tables if table["options"] == child["name"]]
    return [
        field
        for field in child["fields"]
        if not any(f"{name}.{field['fieldname']}" in hidden for name in names)
    ]
