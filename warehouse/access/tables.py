"""The permission tables as an ERP lists them, and the snapshot that they make.

Tables of rights are asked for with all columns: `read` and `select` are SQL words that not every
version quotes, and later versions add columns. Users are not: their rows hold keys.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from warehouse.access.rules import ADMINISTRATOR, roles_of, rules_of
from warehouse.access.snapshot import (
    Attestation,
    Kind,
    Rule,
    Share,
    Snapshot,
    User,
    UserPermission,
)
from warehouse.access.strictness import is_strict
from warehouse.erpnext.collation import fold_name
from warehouse.erpnext.query import ALL_COLUMNS, ListQuery

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.access.snapshot import Meta, Node

Row = dict[str, Any]
Rows = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: how it is asked for, and the columns without which it can't be used.

    `is_counted`: a row that is missing from it lets more be seen, so that it is counted, too.
    """

    query: ListQuery
    columns: tuple[str, ...]
    may_be_empty: bool = True
    is_counted: bool = False


def _table(
    doctype: str,
    *columns: str,
    may_be_empty: bool = True,
    is_counted: bool = False,
    **query: Any,
) -> Table:
    asked = ListQuery(doctype, **{"fields": columns, **query})
    return Table(asked, columns, may_be_empty, is_counted)


_RULE = ("parent", "role", "permlevel", "read", "if_owner")
TABLES = (
    _table(
        "DocType",
        *("name", "module", "istable", "issingle", "is_virtual", "custom", "modified"),
        may_be_empty=False,
    ),
    _table("DocPerm", *_RULE, may_be_empty=False, fields=ALL_COLUMNS, parent="DocType"),
    _table("Custom DocPerm", *_RULE, is_counted=True, fields=ALL_COLUMNS),
    _table(
        "Has Role",
        *("parent", "role"),
        may_be_empty=False,
        filters=(("parenttype", "=", "User"),),
        parent="User",
    ),
    _table("User", "name", "enabled", "user_type", "creation", may_be_empty=False),
    _table("Role", "name", "disabled", may_be_empty=False),
    _table(
        "User Permission",
        *("user", "allow", "for_value", "applicable_for", "hide_descendants"),
        is_counted=True,
        fields=ALL_COLUMNS,
    ),
    _table(
        "DocShare",
        *("user", "everyone", "share_doctype", "share_name", "read"),
        fields=ALL_COLUMNS,
    ),
    _table(
        "Server Script",
        *("name", "script_type", "reference_doctype", "disabled"),
        is_counted=True,
    ),
    _table(
        "Custom Field",
        *("name", "dt", "fieldname", "fieldtype", "options", "permlevel", "modified"),
    ),
    _table("Property Setter", "name", "doc_type", "field_name", "property", "value", "modified"),
)
# Tables of their own, whose rules say whether the key sees every row. Children go by their parents.
RULED = tuple(table.query.doctype for table in TABLES if table.query.parent is None)
_SCRIPT_TYPE = "Permission Query"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was read of an instance, by the key of the user `reader`.

    `settings`: System Settings. `fingerprints`: DocType → what its metas were read at.
    """

    rows: Rows
    versions: dict[str, str]
    settings: Row
    reader: str
    metas: dict[str, Meta] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    trees: dict[str, dict[str, Node]] = field(default_factory=dict)


def build_snapshot(instance: str, facts: Facts, attestation: Attestation | None = None) -> Snapshot:
    """Return the snapshot that an instance's tables make."""
    rows = facts.rows
    snapshot = Snapshot(
        instance=instance,
        versions=facts.versions,
        users={row["name"]: _user(row) for row in rows["User"]},
        roles=_roles(rows["Has Role"]),
        disabled_roles=frozenset(row["name"] for row in rows["Role"] if _is_on(row["disabled"])),
        standard_rules=_rules(rows["DocPerm"]),
        custom_rules=_rules(rows["Custom DocPerm"]),
        user_permissions=_user_permissions(rows["User Permission"], rows["User"]),
        shares=_shares(rows["DocShare"]),
        kinds={row["name"]: _kind(row) for row in rows["DocType"]},
        metas=facts.metas,
        fingerprints=facts.fingerprints,
        trees=facts.trees,
        scripted=frozenset(
            str(row["reference_doctype"])
            for row in rows["Server Script"]
            if row["script_type"] == _SCRIPT_TYPE and not _is_on(row["disabled"])
        ),
        attestation=attestation or Attestation(),
        reader=facts.reader,
    )
    return replace(snapshot, is_strict=is_strict(snapshot, rows, facts.settings))


def tables_in_part(snapshot: Snapshot, user: str) -> list[str]:
    """Return the tables of which the key's user may not be shown every row.

    ERPNext answers such a list without a word. What is missing from it could be the very row that
    hides a document.
    """
    if user == ADMINISTRATOR:
        return []
    known = snapshot.user(user)
    if known is None:
        return [*RULED]
    roles = roles_of(snapshot, known)
    return [
        doctype
        for doctype in RULED
        if doctype in snapshot.kinds
        and not any(
            rule.reads and not rule.if_owner and not rule.permlevel
            for rule in rules_of(snapshot, doctype, roles)
        )
    ]


def _user(row: Row) -> User:
    return User(
        row["name"], _is_on(row["enabled"]), row["user_type"] or "", str(row["creation"] or "")
    )


def _roles(rows: Iterable[Row]) -> dict[str, frozenset[str]]:
    roles: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        # Role Profiles, pages and reports have roles, too; a filter that is not heeded must not
        # make a user of one.
        if row.get("parenttype", "User") == "User" and row["role"]:
            roles[row["parent"]].add(row["role"])
    return {user: frozenset(names) for user, names in roles.items()}


def _rules(rows: Iterable[Row]) -> dict[str, tuple[Rule, ...]]:
    rules: dict[str, list[Rule]] = defaultdict(list)
    for row in rows:
        rules[row["parent"]].append(
            Rule(
                role=row["role"] or "",
                permlevel=int(row["permlevel"] or 0),
                reads=_is_on(row["read"]),
                if_owner=_is_on(row["if_owner"]),
                masks=_is_on(row.get("mask")),
            )
        )
    return {doctype: tuple(sorted(found, key=_order)) for doctype, found in rules.items()}


def _order(rule: Rule) -> tuple[str, int, bool, bool, bool]:
    return rule.role, rule.permlevel, rule.reads, rule.if_owner, rule.masks


def _user_permissions(
    rows: Iterable[Row], users: Iterable[Row]
) -> dict[str, tuple[UserPermission, ...]]:
    known = {row["name"].lower() for row in users}
    spelled = {fold_name(name): name for name in known}
    permissions: dict[str, set[UserPermission]] = defaultdict(set)
    for row in rows:
        # MariaDB finds a user's however they are spelled, so ERPNext applies them.
        user = row["user"].lower()
        if user not in known:
            user = spelled.get(fold_name(user), user)
        permissions[user].add(
            UserPermission(
                allow=row["allow"],
                for_value=str(row["for_value"]),
                applicable_for=row["applicable_for"] or "",
                hides_descendants=_is_on(row["hide_descendants"]),
            )
        )
    return {user: tuple(sorted(found, key=repr)) for user, found in permissions.items()}


def _shares(rows: Iterable[Row]) -> dict[str, tuple[Share, ...]]:
    shares: dict[str, set[Share]] = defaultdict(set)
    for row in rows:
        everyone = _is_on(row["everyone"])
        if _is_on(row["read"]) and (everyone or row["user"]):
            share = Share(str(row["share_name"]), row["user"] or "", to_everyone=everyone)
            shares[row["share_doctype"]].add(share)
    return {doctype: tuple(sorted(found, key=repr)) for doctype, found in shares.items()}


def _kind(row: Row) -> Kind:
    return Kind(
        is_child=_is_on(row["istable"]),
        is_single=_is_on(row["issingle"]),
        is_virtual=_is_on(row["is_virtual"]),
        is_custom=_is_on(row["custom"]),
    )


def _is_on(flag: Any) -> bool:
    """Read a Check, which may be null or text."""
    return str(flag or "0") != "0"
