"""The DocTypes of a sample site, read from `doctypes/*.json`.

One file a DocType. A field is `fieldname|Fieldtype|options|flags`, a permission
`Role|permlevel|rights`. Labels are made from the field names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from demo.site.dataset import Row

SPECS = Path(__file__).parent / "doctypes"
STANDARD_COLUMNS = ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx")
CHILD_COLUMNS = ("parent", "parentfield", "parenttype")
TABLE_TYPES = frozenset({"Table", "Table MultiSelect"})
NO_VALUE_TYPES = TABLE_TYPES | {
    *("Section Break", "Column Break", "Tab Break", "HTML", "Button", "Image", "Heading", "Fold"),
}

_ALWAYS = {"owner": "Administrator", "modified_by": "Administrator", "docstatus": 0}
_WRITTEN = "2025-11-03 10:12:44.310052"
_PROPERTIES = ("issingle", "istable", "is_tree", "is_submittable", "is_virtual", "custom")
_LISTED = (
    *("name", "module", *_PROPERTIES, "autoname", "title_field"),
    *("track_changes", "allow_rename", "modified"),
)
_FLAGS = ("reqd", "hidden", "in_list_view", "read_only", "is_virtual", "unique")
_RIGHTS = (
    *("read", "write", "create", "delete", "submit", "cancel", "amend", "report"),
    *("export", "import", "share", "print", "email", "select", "if_owner"),
)
_ACRONYMS = frozenset(
    {"id", "uom", "po", "pos", "pan", "url", "html", "bom", "tds", "api", "ip", "crm"}
)


def load_metas() -> dict[str, Row]:
    """Read all DocTypes: name → merged meta, in the shape of `/api/v2/doctype/<name>/meta`."""
    specs = (json.loads(path.read_text("utf-8")) for path in sorted(SPECS.glob("*.json")))
    metas = (_build_meta(spec) for spec in specs)
    return {meta["name"]: meta for meta in metas}


def list_doctypes(metas: dict[str, Row]) -> list[Row]:
    """List the DocTypes as the list of DocType answers, sorted by name."""
    return [{key: metas[name].get(key) for key in _LISTED} for name in sorted(metas)]


def list_columns(meta: Row) -> list[Row]:
    """List the fields that are columns of the table: no layout, no child tables, none virtual."""
    return [
        field
        for field in meta["fields"]
        if field["fieldtype"] not in NO_VALUE_TYPES and not field["is_virtual"]
    ]


def list_tables(meta: Row) -> list[Row]:
    """List the fields that hold child rows."""
    return [field for field in meta["fields"] if field["fieldtype"] in TABLE_TYPES]


def _build_meta(spec: dict[str, Any]) -> Row:
    name = spec["name"]
    fields = [_build_field(name, idx, line) for idx, line in enumerate(spec["fields"], 1)]
    permissions = [
        _build_permission(name, idx, line)
        for idx, line in enumerate(spec.get("permissions", ()), 1)
    ]
    meta: Row = {"doctype": "DocType", "name": name, "module": spec["module"], **_ALWAYS, "idx": 0}
    meta |= {"creation": _WRITTEN, "modified": _WRITTEN}
    meta |= {key: spec.get(key, 0) for key in _PROPERTIES}
    meta |= {key: spec.get(key, 0) for key in ("track_changes", "allow_rename")}
    meta |= {"sort_field": "modified", "sort_order": "DESC", "engine": "InnoDB"}
    optional = ("autoname", "naming_rule", "title_field", "search_fields")
    meta |= {key: spec[key] for key in optional if key in spec}
    meta |= {"fields": fields, "permissions": permissions, "links": [], "actions": [], "states": []}
    meta["_table_fields"] = [field for field in fields if field["fieldtype"] in TABLE_TYPES]
    return meta


def _build_part(doctype: str, parent: str, parentfield: str, idx: int) -> Row:
    place = {"parent": parent, "parentfield": parentfield, "parenttype": "DocType", "idx": idx}
    part: Row = {"doctype": doctype, "name": f"{parent}-{parentfield}-{idx}", **_ALWAYS}
    return part | {"creation": _WRITTEN, "modified": _WRITTEN} | place


def _build_field(doctype: str, idx: int, line: str) -> Row:
    fieldname, fieldtype, options, flags = (*line.split("|"), "", "")[:4]
    words = flags.split()
    field = _build_part("DocField", doctype, "fields", idx)
    field |= {"fieldname": fieldname, "label": _make_label(fieldname), "fieldtype": fieldtype}
    if options:
        field["options"] = options
    field |= {flag: int(flag in words) for flag in _FLAGS}
    levels = [word.partition("=")[2] for word in words if word.startswith("permlevel=")]
    field["permlevel"] = int(levels[0]) if levels else 0
    if "custom" in words:
        field |= {"is_custom_field": 1, "name": f"{doctype}-{fieldname}"}
    return field


def _build_permission(doctype: str, idx: int, line: str) -> Row:
    role, permlevel, rights = line.split("|")
    permission = _build_part("DocPerm", doctype, "permissions", idx)
    permission |= {"role": role, "permlevel": int(permlevel)}
    return permission | {right: int(right in rights.split()) for right in _RIGHTS}


def _make_label(fieldname: str) -> str:
    words = fieldname.removeprefix("custom_").split("_")
    return " ".join(
        word.upper() if word in _ACRONYMS else word.capitalize() for word in words if word
    )
