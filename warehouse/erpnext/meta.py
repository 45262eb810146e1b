"""The merged meta of a DocType: what the warehouse keeps of it, and what a document's shape needs.

Merged means that Custom Fields and Property Setters are applied, which only `getdoctype` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TABLE_FIELDTYPES = frozenset({"Table", "Table MultiSelect"})
DOCTYPE_KEYS = (
    "name",
    "module",
    "modified",
    "autoname",
    "custom",
    "is_submittable",
    "is_tree",
    "is_virtual",
    "issingle",
    "istable",
    "image_field",
    "search_fields",
    "show_title_field_in_link",
    "sort_field",
    "sort_order",
    "title_field",
    "track_changes",
)
FIELD_KEYS = (
    "fieldname",
    "fieldtype",
    "label",
    "options",
    "permlevel",
    "hidden",
    "idx",
    "ignore_user_permissions",
    "in_global_search",
    "in_list_view",
    "in_standard_filter",
    "is_custom_field",
    "is_virtual",
    "mask",
    "reqd",
)

Meta = dict[str, Any]


def is_set(field: dict[str, Any], flag: str) -> bool:
    """Say whether a flag is on; a Property Setter's value may come as text."""
    return str(field.get(flag) or "0") != "0"


def trim_meta(meta: Meta) -> Meta:
    """Return `meta` with the keys that describe data: no scripts, no form layout flags."""
    kept = {key: meta[key] for key in DOCTYPE_KEYS if meta.get(key) is not None}
    kept["fields"] = [
        {key: field[key] for key in FIELD_KEYS if field.get(key) is not None}
        for field in meta.get("fields", ())
        if field.get("fieldname")
    ]
    return kept


@dataclass(frozen=True, slots=True)
class ChildTable:
    """A Table or Table MultiSelect field of a DocType."""

    fieldname: str
    doctype: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What the assembly of a DocType's documents must know.

    `unstored`: fieldnames, per DocType, that are not kept: virtual ones, which only a single read
    computes, and Password fields, of which ERPNext shows the length.
    """

    doctype: str
    child_tables: tuple[ChildTable, ...]
    unstored: dict[str, frozenset[str]]

    @classmethod
    def of(cls, metas: list[Meta]) -> Shape:
        """Return the shape that a DocType's meta, followed by its child tables', describes."""
        parent = metas[0]
        return cls(
            doctype=parent["name"],
            child_tables=tuple(
                ChildTable(field["fieldname"], field["options"])
                for field in parent["fields"]
                if is_child_table(field)
            ),
            unstored={meta["name"]: _unstored(meta) for meta in metas},
        )


def is_child_table(field: dict[str, Any]) -> bool:
    """Say whether `field` holds child rows that are stored in a table of their own."""
    is_table = field["fieldtype"] in TABLE_FIELDTYPES and field.get("options")
    return bool(is_table) and not field.get("is_virtual")


def _unstored(meta: Meta) -> frozenset[str]:
    return frozenset(
        field["fieldname"]
        for field in meta["fields"]
        if field.get("is_virtual") or field["fieldtype"] == "Password"
    )
