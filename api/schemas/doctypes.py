"""DocTypes: in short in a list, with their fields one by one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

from msgspec import Meta, Struct

from warehouse.erpnext.meta import is_child_table
from warehouse.reading.columns import STANDARD_COLUMNS
from warehouse.reading.filters import operators_of

if TYPE_CHECKING:
    from warehouse.reading.columns import Column
    from warehouse.reading.doctypes import ListedDocType, ServedDocType


Documents = Annotated[
    int | None,
    Meta(description="Its documents; null: you may read only some, which a list counts."),
]


class DocType(Struct, frozen=True):
    """A DocType in a list."""

    doctype: str
    module: str | None
    title_field: str | None
    is_single: bool
    is_custom: bool
    documents: Documents
    verified_at: Annotated[datetime | None, Meta(description="The last complete comparison.")]
    attempted_at: Annotated[datetime | None, Meta(description="The last sync.")]

    @classmethod
    def of(cls, listed: ListedDocType) -> Self:
        """Return the wire form of a DocType as reads list it."""
        return cls(
            doctype=listed.doctype,
            module=listed.module,
            title_field=listed.title_field,
            is_single=listed.is_single,
            is_custom=listed.is_custom,
            documents=listed.documents,
            verified_at=listed.verified_at,
            attempted_at=listed.attempted_at,
        )


class DocTypeList(Struct, frozen=True):
    """DocTypes."""

    items: list[DocType]


class Field(Struct, frozen=True):
    """A field that holds a value."""

    fieldname: str
    label: str | None
    fieldtype: str
    link_to: Annotated[
        str | None,
        Meta(description="Link: the DocType. Dynamic Link: the field that names the DocType."),
    ]
    options: Annotated[list[str], Meta(description="What a Select offers.")]
    operators: Annotated[list[str], Meta(description="Operators of its filters.")]
    is_sortable: bool
    is_listed: Annotated[bool, Meta(description="Lists show it unless told otherwise.")]
    is_standard: Annotated[bool, Meta(description="Every DocType has it.")]


class ChildTable(Struct, frozen=True):
    """A table of rows within a document; filters name a field as `items.item_code`."""

    fieldname: str
    label: str | None
    doctype: str
    fields: list[Field]


class DocTypeDetail(Struct, frozen=True):
    """A DocType with its fields."""

    instance: str
    doctype: str
    module: str | None
    title_field: str | None
    is_single: bool
    is_custom: bool
    is_submittable: bool
    documents: Documents
    verified_at: datetime | None
    attempted_at: datetime | None
    fields: list[Field]
    child_tables: list[ChildTable]

    @classmethod
    def of(cls, served: ServedDocType) -> Self:
        """Return the wire form of a DocType as reads know it."""
        meta = served.view.metas[0]
        return cls(
            instance=served.instance,
            doctype=served.doctype,
            module=served.module,
            title_field=meta.get("title_field"),
            is_single=served.is_single,
            is_custom=served.is_custom,
            is_submittable=bool(meta.get("is_submittable")),
            documents=served.documents,
            verified_at=served.verified_at,
            attempted_at=served.attempted_at,
            fields=_own_fields(served, meta),
            child_tables=_child_tables(served, meta),
        )


_STANDARD_TYPES = {
    "name": ("ID", "Data"),
    "owner": ("Created By", "Link"),
    "creation": ("Created On", "Datetime"),
    "modified": ("Last Updated On", "Datetime"),
    "modified_by": ("Last Updated By", "Link"),
    "docstatus": ("Document Status", "Int"),
    "idx": ("Index", "Int"),
}


def _own_fields(served: ServedDocType, meta: dict[str, Any]) -> list[Field]:
    columns, standard = served.columns, {column.name for column in STANDARD_COLUMNS}
    fields = [
        _field(field, columns.own[field["fieldname"]], listed=columns.listed)
        for field in meta["fields"]
        if field["fieldname"] in columns.own and field["fieldname"] not in standard
    ]
    for column in STANDARD_COLUMNS:
        label, fieldtype = _STANDARD_TYPES[column.name]
        field = {"fieldname": column.name, "label": label, "fieldtype": fieldtype}
        if fieldtype == "Link":
            field["options"] = "User"
        fields.append(_field(field, column, listed=columns.listed, is_standard=True))
    return fields


def _child_tables(served: ServedDocType, meta: dict[str, Any]) -> list[ChildTable]:
    rows_of = {child["name"]: child for child in served.view.metas[1:]}
    return [
        ChildTable(
            fieldname=table["fieldname"],
            label=table.get("label"),
            doctype=table["options"],
            fields=[
                _field(field, column)
                for field in rows_of.get(table["options"], {}).get("fields", ())
                if (column := served.columns.child.get(_dotted(table, field)))
            ],
        )
        for table in meta["fields"]
        if is_child_table(table)
    ]


def _dotted(table: dict[str, Any], field: dict[str, Any]) -> str:
    return f"{table['fieldname']}.{field['fieldname']}"


def _field(
    field: dict[str, Any],
    column: Column,
    *,
    listed: tuple[str, ...] = (),
    is_standard: bool = False,
) -> Field:
    options, fieldtype = field.get("options") or "", field["fieldtype"]
    return Field(
        fieldname=field["fieldname"],
        label=field.get("label"),
        fieldtype=fieldtype,
        link_to=options or None if fieldtype in ("Link", "Dynamic Link") else None,
        options=options.split("\n") if fieldtype == "Select" and options else [],
        operators=list(operators_of(column)),
        is_sortable=column.table is None and column.kind.is_sortable,
        is_listed=field["fieldname"] in listed,
        is_standard=is_standard,
    )
