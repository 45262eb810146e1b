"""Which roles a user has, and which permission rows count for a DocType.

Source: frappe/permissions.py and frappe/model/meta.py, versions 13 to 16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.access.snapshot import Rule, Snapshot, User

ALL, GUEST, DESK_USER, ADMINISTRATOR = "All", "Guest", "Desk User", "Administrator"
AUTOMATIC_ROLES = frozenset({ALL, GUEST, DESK_USER, ADMINISTRATOR})
SYSTEM_USER = "System User"
# From here on every System User is a Desk User; before, and in 13, it is a role that is given.
# Versions in between have it one way or the other.
DESK_USER_SINCE = (14, 80)
NEVER_OVERRIDDEN = frozenset({"DocType", "DocField", "DocPerm", "Custom DocPerm"})


def roles_of(snapshot: Snapshot, user: User) -> frozenset[str]:
    """Return the roles that count for a user: given, automatic, none of them disabled."""
    given = snapshot.roles.get(user.name, frozenset())
    roles = {*(given - AUTOMATIC_ROLES), ALL, GUEST}
    if _is_desk_user(snapshot, user, is_given=DESK_USER in given):
        roles.add(DESK_USER)
    return frozenset(roles) - snapshot.disabled_roles


def rules_of(snapshot: Snapshot, doctype: str, roles: frozenset[str]) -> tuple[Rule, ...]:
    """Return the permission rows of a DocType that are of one of `roles`.

    One Custom DocPerm replaces all DocPerm, also those of other roles and levels.
    """
    rows = snapshot.custom_rules.get(doctype, ())
    if not rows or doctype in NEVER_OVERRIDDEN:
        rows = snapshot.standard_rules.get(doctype, ())
    return tuple(row for row in rows if row.role in roles)


def _is_desk_user(snapshot: Snapshot, user: User, *, is_given: bool) -> bool:
    is_system_user = user.user_type == SYSTEM_USER
    if snapshot.frappe_version >= DESK_USER_SINCE:
        return is_system_user
    if snapshot.frappe_version[0] == DESK_USER_SINCE[0]:
        return is_system_user and is_given
    return is_given
