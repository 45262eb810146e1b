"""Compile what a user may see of a DocType: from a snapshot alone, without looking at anything.

What a single read of ERPNext gives is what is shown; its lists show more in places. docs/access.md
tells what is applied.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from warehouse.access.hidden import hidden_fields
from warehouse.access.hooks import judge_hooks
from warehouse.access.reader import unread_fields
from warehouse.access.rules import ADMINISTRATOR, GUEST, roles_of, rules_of
from warehouse.access.user_permissions import constrain_by_user_permissions
from warehouse.access.verdict import (
    Access,
    Code,
    Denial,
    OwnerBranch,
    RoleBranch,
    SharesBranch,
)
from warehouse.erpnext.meta import TABLE_FIELDTYPES
from warehouse.erpnext.policy import Policy, policy_of

if TYPE_CHECKING:
    from warehouse.access.snapshot import Meta, Rule, Snapshot, User
    from warehouse.access.verdict import Branch, HookConstraint

SUPPORTED_MAJORS = range(13, 17)
# A filter holds every allowed name; beyond this many nothing is shown.
MOST_NAMES = 10_000


def compile_access(snapshot: Snapshot, user: str, doctype: str) -> Access | Denial:
    """Return what the ERPNext user `user` may see of `doctype`, or why that is nothing."""
    known = _admit_user(snapshot, user)
    if isinstance(known, Denial):
        return known
    metas = _admit_doctype(snapshot, doctype)
    if isinstance(metas, Denial):
        return metas
    rules = rules_of(snapshot, doctype, roles_of(snapshot, known))
    by_role = branch_by_role(snapshot, user, metas, rules)
    names = _shared_names(snapshot, user, doctype)
    branches: list[Branch] = [SharesBranch(names)] if names else []
    if not isinstance(by_role, Denial):
        branches.insert(0, by_role)
    elif not branches:
        return by_role
    access = Access(
        instance=snapshot.instance,
        user=user,
        doctype=doctype,
        version=snapshot.version,
        branches=tuple(branches),
        hidden=hidden_fields(metas, rules),
        metas=metas,
    )
    # Who sees everything needs no filter, however much is shared with them besides.
    if not access.is_unrestricted and sum(map(_count_names, branches)) > MOST_NAMES:
        reason = f"More than {MOST_NAMES} names would have to be allowed one by one."
        return Denial(Code.FILTER_TOO_LARGE, reason)
    return access


def branch_by_role(
    snapshot: Snapshot, user: str, metas: tuple[Meta, ...], rules: tuple[Rule, ...]
) -> RoleBranch | OwnerBranch | Denial:
    """Return what roles show of a DocType, shares apart.

    `metas`: its own, then its child tables'. `rules`: its rows that are of one of the user's roles.
    """
    doctype = metas[0]["name"]
    reading = [rule for rule in rules if rule.reads and not rule.permlevel]
    if not reading:
        return Denial(Code.NO_RULE, f"No role of {user} reads {doctype}, and nothing is shared.")
    hook = judge_hooks(snapshot, user, metas[0], rules)
    if isinstance(hook, Denial):
        return hook
    if unread := _unread_by_key(snapshot, metas, hook):
        return unread
    if all(rule.if_owner for rule in reading):
        return OwnerBranch(user.lower(), hook)
    branch = constrain_by_user_permissions(snapshot, user, metas)
    return branch if isinstance(branch, Denial) else replace(branch, hook=hook)


def _unread_by_key(
    snapshot: Snapshot, metas: tuple[Meta, ...], hook: HookConstraint | None
) -> Denial | None:
    """Deny where a hook asks for a field that the warehouse's own key may not read."""
    asked = {name for name, _ in hook.equals} if hook else set()
    unread = asked & unread_fields(snapshot, metas) if asked else ()
    if not unread:
        return None
    reason = f"A hook asks for {min(unread)}, which is above what the warehouse's key may read."
    return Denial(Code.LINK_UNREADABLE, reason)


def _admit_user(snapshot: Snapshot, name: str) -> User | Denial:
    if snapshot.frappe_version[0] not in SUPPORTED_MAJORS:
        running = snapshot.versions.get("frappe") or "an unknown version"
        return Denial(Code.VERSION_UNKNOWN, f"Frappe {running} is none whose rules are known.")
    if name in (ADMINISTRATOR, GUEST):
        return Denial(Code.USER_REFUSED, f"{name} is nobody's own user.")
    user = snapshot.user(name)
    if user is None:
        return Denial(Code.USER_UNKNOWN, f"{snapshot.instance} has no user {name}.")
    if not user.is_enabled:
        return Denial(Code.USER_DISABLED, f"{name} is disabled in {snapshot.instance}.")
    return user


def _admit_doctype(snapshot: Snapshot, doctype: str) -> tuple[Meta, ...] | Denial:
    """Return the metas of a DocType that can be served: its own, then its child tables'."""
    if refusal := _refuse_kind(snapshot, doctype):
        return refusal
    meta = snapshot.metas.get(doctype)
    if meta is None:
        return Denial(Code.META_MISSING, f"The fields of {doctype} are not known.")
    tables = [field.get("options") for field in meta["fields"] if _is_table(field)]
    missing = [table for table in tables if table not in snapshot.metas]
    if missing:
        return Denial(Code.META_MISSING, f"The fields of {missing[0]} are not known.")
    return meta, *(snapshot.metas[table] for table in dict.fromkeys(tables))


def _refuse_kind(snapshot: Snapshot, doctype: str) -> Denial | None:
    kind = snapshot.kinds.get(doctype)
    if kind is None:
        return Denial(Code.DOCTYPE_UNKNOWN, f"{snapshot.instance} has no DocType {doctype}.")
    if kind.is_child:
        return Denial(Code.CHILD_DOCTYPE, f"{doctype} is seen inside its parents only.")
    if kind.is_virtual:
        return Denial(Code.VIRTUAL_DOCTYPE, f"{doctype} is virtual: it has no documents.")
    policy = policy_of(doctype, is_custom=kind.is_custom, is_single=kind.is_single)
    if policy is not Policy.ORDINARY:
        return Denial(Code.DOCTYPE_NOT_SERVED, f"{doctype} is never served ({policy}).")
    return None


def _shared_names(snapshot: Snapshot, user: str, doctype: str) -> tuple[str, ...]:
    shares = snapshot.shares.get(doctype, ())
    return tuple(sorted({share.name for share in shares if share.reaches(user)}))


def _count_names(branch: Branch) -> int:
    match branch:
        case RoleBranch():
            linked = sum(len(link.values) for link in branch.links)
            return len(branch.names or ()) + linked
        case SharesBranch():
            return len(branch.names)
        case OwnerBranch():
            return 0


def _is_table(field: dict[str, object]) -> bool:
    return field["fieldtype"] in TABLE_FIELDTYPES
