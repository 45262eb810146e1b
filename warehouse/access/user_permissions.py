"""What User Permissions demand of a DocType's documents and of the rows of their tables.

Source: frappe/permissions.py and frappe/core/doctype/user_permission, versions 13 to 16.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.access.pending import pending_fields
from warehouse.access.reader import unread_fields
from warehouse.access.verdict import Code, Denial, LinkConstraint, RoleBranch
from warehouse.erpnext.meta import TABLE_FIELDTYPES, is_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warehouse.access.snapshot import Meta, Snapshot

STRINGS_FOR_NUMBERS_SINCE = 16
STRICT_SINGLES_UNTIL = 13
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+")
_NUMBER = re.compile(r"0|[1-9]\d{0,17}", re.ASCII)
_PENDING = (
    "was not always read by the warehouse's key, and not every document has been read again since"
)

Field = dict[str, Any]
Allowed = dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Judge:
    """Makes constraints for one user and DocType. `allowed`: DocType → names that are let through.

    `unread`: what the warehouse's own key may not read, as `field` and `table.field`: it is stored
    as if it were empty. `pending`: what it reads by now, and stored documents may lack still.
    `spells_numbers`: a number and its text are the same name; up to version 15 they never are.
    """

    snapshot: Snapshot
    allowed: Allowed
    unread: frozenset[str]
    pending: frozenset[str]
    allows_empty: bool
    spells_numbers: bool

    def constrain(self, meta: Meta, table: str = "") -> list[LinkConstraint] | Denial:
        """Return what the Link fields of `meta` must hold."""
        constraints = []
        for field in _constrained_links(meta):
            target = field["options"]
            names = self.allowed.get(target)
            if not names:
                continue
            if target not in self.snapshot.kinds:
                return _unreadable(meta, field, f"links to {target}, which is not a DocType here")
            path = f"{table}.{field['fieldname']}" if table else field["fieldname"]
            if path in self.unread:
                return _unreadable(meta, field, "is above what the warehouse's key may read")
            if path in self.pending:
                return _unreadable(meta, field, _PENDING, Code.LINK_PENDING)
            if is_set(field, "is_virtual"):
                return _unreadable(meta, field, "is computed by ERPNext and not stored")
            if not _PLAIN_NAME.fullmatch(field["fieldname"]):
                return _unreadable(meta, field, "has a name that no filter can hold")
            constraints.append(
                LinkConstraint(
                    field["fieldname"], target, self.spell(names), self.allows_empty, table
                )
            )
        return constraints

    def spell(self, names: frozenset[str]) -> tuple[str | int, ...]:
        """Return the values that a link to one of `names` may have in JSON."""
        numbers = [int(name) for name in sorted(names) if _NUMBER.fullmatch(name)]
        return (*sorted(names), *(numbers if self.spells_numbers else ()))


def constrain_by_user_permissions(
    snapshot: Snapshot, user: str, metas: tuple[Meta, ...]
) -> RoleBranch | Denial:
    """Return what a role shows of a DocType (`metas`: its own, then its child tables')."""
    meta = metas[0]
    doctype = meta["name"]
    allowed = _allow(snapshot, user, doctype)
    if not allowed:
        return RoleBranch()
    major = snapshot.frappe_version[0]
    strict_here = not snapshot.kinds[doctype].is_single or major <= STRICT_SINGLES_UNTIL
    judge = _Judge(
        snapshot,
        allowed,
        unread_fields(snapshot, metas),
        pending_fields(snapshot, metas),
        allows_empty=not (snapshot.is_strict and strict_here),
        spells_numbers=major >= STRINGS_FOR_NUMBERS_SINCE,
    )
    links: list[LinkConstraint] = []
    for table, part in _parts(metas):
        found = judge.constrain(part, "" if table is None else table["fieldname"])
        if isinstance(found, Denial):
            return found
        if found and table is not None and not _is_stored_table(table):
            return _unreadable(meta, table, "is a table that is not stored")
        links += found
    return RoleBranch(_names(allowed, meta, major), tuple(links))


def _allow(snapshot: Snapshot, user: str, doctype: str) -> Allowed:
    """Return DocType → names that the user's permissions applicable to `doctype` let through."""
    allowed: dict[str, set[str]] = {}
    for permission in snapshot.user_permissions.get(user.lower(), ()):
        if permission.applicable_for in ("", doctype):
            names = allowed.setdefault(permission.allow, set())
            names.add(permission.for_value)
            if not permission.hides_descendants:
                names.update(_descendants(snapshot, permission.allow, permission.for_value))
    return {allow: frozenset(names) for allow, names in allowed.items()}


def _descendants(snapshot: Snapshot, doctype: str, name: str) -> Iterator[str]:
    tree = snapshot.trees.get(doctype, {})
    if name in tree:
        left, right = tree[name]
        yield from (node for node, (lft, rgt) in tree.items() if lft > left and rgt < right)


def _names(allowed: Allowed, meta: Meta, major: int) -> tuple[str, ...] | None:
    names = allowed.get(meta["name"])
    if not names:
        return None
    if meta.get("autoname") == "autoincrement" and major < STRINGS_FOR_NUMBERS_SINCE:
        return ()  # a number is never one of the texts that are allowed
    return tuple(sorted(names))


def _constrained_links(meta: Meta) -> Iterator[Field]:
    for field in meta["fields"]:
        if (
            field["fieldtype"] == "Link"
            and field.get("options") not in (None, "", "[Select]")
            and not is_set(field, "ignore_user_permissions")
        ):
            yield field


def _parts(metas: tuple[Meta, ...]) -> Iterator[tuple[Field | None, Meta]]:
    """Yield the DocType's own meta, then each table field with the meta of its rows."""
    meta, by_name = metas[0], {meta["name"]: meta for meta in metas[1:]}
    yield None, meta
    for field in meta["fields"]:
        if field["fieldtype"] in TABLE_FIELDTYPES:
            yield field, by_name[field["options"]]


def _is_stored_table(table: Field) -> bool:
    return not is_set(table, "is_virtual") and bool(_PLAIN_NAME.fullmatch(table["fieldname"]))


def _unreadable(meta: Meta, field: Field, why: str, code: Code = Code.LINK_UNREADABLE) -> Denial:
    reason = f"User Permissions can't be applied: {meta['name']}.{field['fieldname']} {why}."
    return Denial(code, reason)
