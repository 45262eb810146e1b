"""Fields above the permlevels that a key reads: ERPNext drops them without a word."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from warehouse.doctor.findings import Finding, list_names, warning, well
from warehouse.doctor.reading import give_role, read_roles, read_rules
from warehouse.doctor.rules import ADMINISTRATOR, AUTOMATIC_ROLES, Reach, choose_roles
from warehouse.erpnext.meta import TABLE_FIELDTYPES, is_set
from warehouse.erpnext.query import ListQuery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warehouse.doctor.reading import Key
    from warehouse.doctor.rules import Rules
    from warehouse.erpnext.query import Filter

    Row = dict[str, Any]
    Fields = dict[tuple[str, str], Row]

MASKING_MAJORS = ("16",)
_COLUMNS = ("fieldname", "fieldtype", "options", "permlevel")


class Need(NamedTuple):
    """What reading a DocType whole takes: a right, `read` or `mask`, at a level."""

    doctype: str
    level: int
    right: str

    def __str__(self) -> str:
        masked = ", masked" if self.right == "mask" else ""
        return f"{self.doctype} (level {self.level}{masked})"


async def check_levels(key: Key) -> list[Finding]:
    """Return which DocTypes have fields that the key may not read, and the roles to add."""
    if key.user == ADMINISTRATOR or "DocField" not in key.catalog:
        return []
    rules = await read_rules(key)
    roles = await read_roles(key) if rules else set()
    if rules is None or not roles:
        return []
    lacking = {
        str(need): need
        for need in _needs(key, await _read_fields(key))
        if rules.reach(need.doctype, roles) in (Reach.FULL, Reach.OWN)
        and not rules.having(need.doctype, need.level, need.right) & {*roles, *AUTOMATIC_ROLES}
    }
    return _name_roles(key, lacking, rules)


def _name_roles(key: Key, lacking: dict[str, Need], rules: Rules) -> list[Finding]:
    subject = f"{key.instance} permlevels"
    if not lacking:
        return [well(subject, "The key reads the fields of every level.")]
    chosen = choose_roles(
        lacking,
        lambda told: rules.having(*lacking[told]) - {*AUTOMATIC_ROLES, ADMINISTRATOR},
        rules.written_by,
    )
    findings = []
    for role, told in chosen.items():
        message = (
            f"ERPNext drops or masks fields of {list_names(told)} for {key.user}. Employees whom "
            "User Permissions restrict by such a link are shown nothing by their roles."
        )
        cure = give_role(key.user, role) if role else _make_rule(key)
        findings.append(warning(subject, message, cure))
    return findings


def _make_rule(key: Key) -> str:
    return (
        f"No role reads that level: add a rule there, for a role of {key.user}, in ERPNext's Role "
        "Permissions Manager (with Mask, where it masks)."
    )


async def _read_fields(key: Key) -> Fields:
    """Return (DocType, fieldname) → what counts of the tables and of what is above level 0."""
    columns: tuple[str, ...] = _COLUMNS
    masks: tuple[Filter, ...] = ()
    versions = await key.client.read_versions()
    if versions.get("frappe", "").partition(".")[0] in MASKING_MAJORS:
        columns, masks = (*columns, "mask"), (("mask", "=", 1),)
    tables = tuple(("fieldtype", "=", fieldtype) for fieldtype in sorted(TABLE_FIELDTYPES))
    standard = ListQuery(
        "DocField",
        ("parent", *columns),
        or_filters=(("permlevel", ">", 0), *tables, *masks),
        parent="DocType",
    )
    fields: Fields = {}
    for query, parent in (
        (standard, "parent"),
        (ListQuery("Custom Field", ("dt", *columns)), "dt"),
    ):
        for row in await key.client.list_rows(query):
            fields[str(row.get(parent)), str(row.get("fieldname"))] = row
    set_to = ListQuery("Property Setter", ("doc_type", "field_name", "property", "value"))
    for row in await key.client.list_rows(set_to):
        if row.get("property") in ("permlevel", "mask"):
            field = fields.setdefault((str(row.get("doc_type")), str(row.get("field_name"))), {})
            field[row["property"]] = row.get("value")
    return fields


def _needs(key: Key, fields: Fields) -> Iterator[Need]:
    """Yield what the DocTypes that are stored need; of a child table's fields, its parents do."""
    needs: dict[str, set[tuple[int, str]]] = defaultdict(set)
    children: dict[str, set[str]] = defaultdict(set)
    for (doctype, _), row in fields.items():
        level = int(row.get("permlevel") or 0)
        if level:
            needs[doctype].add((level, "read"))
        if is_set(row, "mask"):
            needs[doctype].add((level, "mask"))
        if row.get("fieldtype") in TABLE_FIELDTYPES:
            children[doctype].add(str(row.get("options")))
    for doctype in sorted(name for name, listed in key.catalog.items() if listed.is_stored):
        parts = (needs.get(part, set()) for part in (doctype, *children.get(doctype, ())))
        for level, right in sorted(set().union(*parts)):
            yield Need(doctype, level, right)
