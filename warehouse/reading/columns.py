"""What can be asked of a DocType's documents: its fields, where they lie, and what they hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from warehouse.erpnext.meta import is_child_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from warehouse.erpnext.meta import Meta

DATA = "document_data."
# A dot or a dollar in a path would mean something else to MongoDB.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+")


class Kind(StrEnum):
    """What the values of a field are, and so which operators make sense."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    LINK = "link"
    CHECK = "check"
    INTEGER = "integer"
    NUMBER = "number"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"

    @property
    def is_numeric(self) -> bool:
        """Whether numbers are stored; DECIMAL: exact ones, of datasets."""
        return self in {Kind.CHECK, Kind.INTEGER, Kind.NUMBER, Kind.DECIMAL}

    @property
    def is_sortable(self) -> bool:
        """Whether rows can be sorted by it: a cursor has to hold a value of it."""
        return self is not Kind.LONG_TEXT


_FIELDTYPES = {
    Kind.TEXT: (
        *("Data", "Select", "Read Only", "Phone", "Color", "Autocomplete", "Barcode", "Icon"),
        *("Attach", "Attach Image"),
    ),
    Kind.LONG_TEXT: (
        *("Small Text", "Text", "Long Text", "Text Editor", "Markdown Editor", "HTML Editor"),
        *("Code", "JSON", "Geolocation", "Signature"),
    ),
    Kind.LINK: ("Link", "Dynamic Link"),
    Kind.CHECK: ("Check",),
    Kind.INTEGER: ("Int", "Long Int"),
    Kind.NUMBER: ("Float", "Currency", "Percent", "Duration", "Rating"),
    Kind.DATE: ("Date",),
    Kind.DATETIME: ("Datetime",),
    Kind.TIME: ("Time",),
}
# Every fieldtype that holds a value in its document; others are layout, tables or virtual.
KINDS = {fieldtype: kind for kind, names in _FIELDTYPES.items() for fieldtype in names}


@dataclass(frozen=True, slots=True)
class Column:
    """A field that can be filtered by.

    `path`: where MongoDB finds it; in the rows of `table` if that is set.
    """

    name: str
    kind: Kind
    path: str
    table: str | None = None


STANDARD_COLUMNS = (
    Column("name", Kind.TEXT, "name"),
    Column("owner", Kind.LINK, DATA + "owner"),
    Column("creation", Kind.DATETIME, "erp_creation"),
    Column("modified", Kind.DATETIME, "erp_modified"),
    Column("modified_by", Kind.LINK, DATA + "modified_by"),
    Column("docstatus", Kind.INTEGER, DATA + "docstatus"),
    Column("idx", Kind.INTEGER, DATA + "idx"),
)
_CHILD_COLUMNS = (("name", Kind.LINK), ("idx", Kind.INTEGER))


@dataclass(frozen=True, eq=False)
class Columns:
    """What there is to filter by, sort by and ask for in one DocType.

    `own`: the document's fields. `child`: those of its tables' rows, as `items.item_code`.
    `tables`: fieldnames of the tables. `listed`: what a list shows unless told otherwise.
    """

    own: dict[str, Column]
    child: dict[str, Column] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    listed: tuple[str, ...] = ("name", "docstatus", "modified")

    @classmethod
    def of(cls, metas: Sequence[Meta]) -> Columns:
        """Return what the metas of a DocType, followed by its child tables', allow."""
        standard = {column.name: column for column in STANDARD_COLUMNS}
        if not metas:
            return cls(standard)
        parent, rows_of = metas[0], {meta["name"]: meta for meta in metas[1:]}
        tables = {
            field["fieldname"]: rows_of.get(field["options"], {"fields": ()})
            for field in parent["fields"]
            if is_child_table(field) and _PLAIN_NAME.fullmatch(field["fieldname"])
        }
        own = {name: Column(name, kind, DATA + name) for name, kind in _value_fields(parent)}
        return cls(
            own=own | standard,
            child={
                column.name: column
                for table, meta in tables.items()
                for column in _child_columns(table, meta)
            },
            tables=tuple(tables),
            listed=_listed(parent, own),
        )

    @cached_property
    def filterable(self) -> dict[str, Column]:
        """Everything that a filter may name."""
        return self.own | self.child

    @cached_property
    def selectable(self) -> frozenset[str]:
        """Everything that `fields` may name."""
        return frozenset((*self.own, *self.tables))


def _value_fields(meta: Meta) -> Iterator[tuple[str, Kind]]:
    for one in meta["fields"]:
        kind = KINDS.get(one["fieldtype"])
        if kind and not one.get("is_virtual") and _PLAIN_NAME.fullmatch(one["fieldname"]):
            yield one["fieldname"], kind


def _child_columns(table: str, meta: Meta) -> Iterator[Column]:
    for name, kind in (*_value_fields(meta), *_CHILD_COLUMNS):
        yield Column(f"{table}.{name}", kind, name, table)


def _listed(parent: Meta, own: dict[str, Any]) -> tuple[str, ...]:
    shown: Iterable[str | None] = (
        "name",
        parent.get("title_field"),
        *(field["fieldname"] for field in parent["fields"] if field.get("in_list_view")),
        "docstatus",
        "modified",
    )
    standard = {column.name for column in STANDARD_COLUMNS}
    return tuple(
        dict.fromkeys(name for name in shown if name and (name in own or name in standard))
    )
