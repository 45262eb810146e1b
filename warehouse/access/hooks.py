"""Permission hooks: Python that only the ERP can run.

Those that Frappe itself ships for DocTypes that are served are translated. All others deny what
roles grant; shares still grant, as in ERPNext. No REST call lists hooks, so an app that nobody has
looked through denies everything of its instance until an operator attests which hooks it has.
Source: the hooks.py of frappe, erpnext and hrms, versions 13 to 16.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from warehouse.access.rules import AUTOMATIC_ROLES
from warehouse.access.verdict import Code, Denial, HookConstraint

if TYPE_CHECKING:
    from collections.abc import Callable

    from warehouse.access.snapshot import Meta, Rule, Snapshot

# App → major versions that were looked through and hook nothing but what is below; None: any.
KNOWN_APPS: dict[str, frozenset[int] | None] = {
    "frappe": frozenset({13, 14, 15, 16}),
    "erpnext": frozenset({13, 14, 15, 16}),
    "hrms": frozenset({14, 15, 16}),
    "payments": None,
}
EVERY_DOCTYPE = "*"
_UNTRANSLATED = frozenset(
    {
        "Communication",
        "Dashboard",
        "Dashboard Chart",
        "Dashboard Settings",
        "Notification Log",
        "Notification Settings",
        "Number Card",
        "Prepared Report",
        "User",
        "User Invitation",
        "Workflow Action",
    }
)
_PARTIES = frozenset({"Customer", "Supplier", "Company", "Sales Partner"})
_TODO_OWNS_UNTIL = 13


def unattested_apps(snapshot: Snapshot) -> list[str]:
    """Return the installed apps, with versions, whose hooks nobody has vouched for."""
    return [
        f"{app} {version}".strip()
        for app, version in sorted(snapshot.versions.items())
        if not is_known_app(app, version) and snapshot.attestation.apps.get(app) != version
    ]


def judge_hooks(
    snapshot: Snapshot, user: str, meta: Meta, rules: tuple[Rule, ...]
) -> HookConstraint | Denial | None:
    """Return what hooks demand of documents that a role shows; None if there is no hook.

    `rules`: the rows of the DocType that are of one of the user's roles.
    """
    doctype = meta["name"]
    if unknown := unattested_apps(snapshot):
        reason = f"Nobody has attested the hooks of {', '.join(unknown)}."
        return Denial(Code.APP_UNATTESTED, reason)
    if snapshot.attestation.hooked & {doctype, EVERY_DOCTYPE} or doctype in _UNTRANSLATED:
        return Denial(Code.HOOK_UNKNOWN, f"A permission hook of {doctype} can't be evaluated.")
    if doctype in snapshot.scripted:
        reason = f"A Server Script (Permission Query) of {doctype} can't be evaluated."
        return Denial(Code.SCRIPT_UNKNOWN, reason)
    translate = _TRANSLATED.get(doctype)
    return translate(snapshot, user, meta, rules) if translate else None


def is_judged(doctype: str) -> bool:
    """Say whether Frappe's own hooks of a DocType are accounted for here."""
    return doctype in _TRANSLATED or doctype in _UNTRANSLATED


def is_known_app(app: str, version: str) -> bool:
    """Say whether the hooks of an app in this version were looked through."""
    if app not in KNOWN_APPS:
        return False
    majors, found = KNOWN_APPS[app], re.match(r"\d+", version)
    return majors is None or bool(found and int(found[0]) in majors)


def _event(_: Snapshot, user: str, _meta: Meta, _rules: tuple[Rule, ...]) -> HookConstraint:
    return HookConstraint((("event_type", "Public"), ("owner", user)))


def _note(_: Snapshot, user: str, _meta: Meta, _rules: tuple[Rule, ...]) -> HookConstraint:
    return HookConstraint((("public", 1), ("owner", user)))


def _private(_: Snapshot, user: str, _meta: Meta, _rules: tuple[Rule, ...]) -> HookConstraint:
    return HookConstraint((("private", 0), ("owner", user)))


def _file(_: Snapshot, user: str, _meta: Meta, _rules: tuple[Rule, ...]) -> HookConstraint:
    # What is attached to a document is read with the document, which a filter can't ask.
    return HookConstraint((("is_private", 0), ("owner", user)))


def _todo(
    snapshot: Snapshot, user: str, _meta: Meta, rules: tuple[Rule, ...]
) -> HookConstraint | None:
    reading = {rule.role for rule in rules if rule.reads and not rule.permlevel}
    if reading - AUTOMATIC_ROLES:
        return None
    is_old = snapshot.frappe_version[0] <= _TODO_OWNS_UNTIL
    return HookConstraint((("owner" if is_old else "allocated_to", user), ("assigned_by", user)))


def _links_of_parties(
    _: Snapshot, _user: str, meta: Meta, _rules: tuple[Rule, ...]
) -> Denial | None:
    """Deny where the hook looks at anything: it does at Link fields to parties, not at others."""
    linked = {field.get("options") for field in meta["fields"] if field["fieldtype"] == "Link"}
    if not linked & _PARTIES:
        return None
    reason = f"{meta['name']} has Link fields to parties, whose permissions its hook asks for."
    return Denial(Code.HOOK_UNKNOWN, reason)


_TRANSLATED: dict[str, Callable[..., HookConstraint | Denial | None]] = {
    "Address": _links_of_parties,
    "Contact": _links_of_parties,
    "Event": _event,
    "File": _file,
    "Kanban Board": _private,
    "Note": _note,
    "ToDo": _todo,
}
