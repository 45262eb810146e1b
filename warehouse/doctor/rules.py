"""The permission rules of a site: how far roles reach, and which role would reach what is missing.

As Frappe evaluates them: one Custom DocPerm of a DocType replaces all its DocPerm; only level 0
grants documents. Source: frappe/permissions.py, versions 13 to 16.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Row = dict[str, Any]

AUTOMATIC_ROLES = frozenset({"All", "Guest", "Desk User"})
ADMINISTRATOR = "Administrator"
# The roles that read, in ERPNext as it is delivered: by module, but for a few DocTypes.
_ROLE_OF_DOCTYPE = {
    "Batch": "Item Manager",
    "Employee": "HR User",
    "Item Price": "Sales Master Manager",
    "Server Script": "Script Manager",
}
_ROLE_OF_MODULE = {
    "Accounts": "Accounts User",
    "Assets": "Accounts User",
    "Buying": "Purchase User",
    "CRM": "Sales Manager",
    "HR": "HR Manager",
    "Maintenance": "Maintenance User",
    "Manufacturing": "Manufacturing User",
    "Payroll": "HR Manager",
    "Projects": "Projects User",
    "Regional": "Accounts User",
    "Selling": "Sales User",
    "Setup": "Sales User",
    "Stock": "Stock User",
    "Subcontracting": "Stock User",
    "Support": "Support Team",
    "Website": "Website Manager",
}
SYSTEM_MANAGER = "System Manager"


class Reach(StrEnum):
    """Which documents of a DocType a key is shown; all but FULL are incomplete without a word."""

    FULL = "all documents"
    OWN = "own documents only"
    SELECT = "names only"
    SHARED = "shared documents only"


class Rules:
    """The effective rules at level 0."""

    def __init__(self, standard: Iterable[Row], custom: Iterable[Row]) -> None:
        self._rows = _by_doctype(standard) | _by_doctype(custom)
        writes = [row for rows in self._rows.values() for row in rows if row.get("write")]
        self._writes: dict[str, int] = defaultdict(int)
        for row in writes:
            self._writes[row["role"]] += 1

    def reach(self, doctype: str, roles: Iterable[str]) -> Reach:
        """Return how far a user with `roles` sees a DocType that the site does not refuse."""
        held = {*roles, *AUTOMATIC_ROLES}
        rows = [row for row in self._rows.get(doctype, ()) if row.get("role") in held]
        reads = [row for row in rows if row.get("read")]
        if any(not row.get("if_owner") for row in reads):
            return Reach.FULL
        if reads:
            return Reach.OWN
        return Reach.SELECT if any(row.get("select") for row in rows) else Reach.SHARED

    def readers(self, doctype: str) -> frozenset[str]:
        """Return the roles that can be given to a user and read every document of a DocType."""
        return frozenset(
            row["role"]
            for row in self._rows.get(doctype, ())
            if row.get("read") and not row.get("if_owner") and row.get("role")
        ) - {*AUTOMATIC_ROLES, ADMINISTRATOR}

    def written_by(self, role: str) -> int:
        """Return how many DocTypes a role may write."""
        return self._writes[role]


def known_reader(doctype: str, module: str) -> str:
    """Return the role that reads a DocType in ERPNext as it is delivered."""
    return _ROLE_OF_DOCTYPE.get(doctype) or _ROLE_OF_MODULE.get(module, SYSTEM_MANAGER)


def choose_roles(
    doctypes: Iterable[str],
    readers: Callable[[str], frozenset[str]],
    cost: Callable[[str], int] = lambda _role: 0,
) -> dict[str, list[str]]:
    """Return few roles that read `doctypes`, each with those it adds; "" has those none reads.

    Of roles that add as many, the one of the least `cost`: an integration user need not write.
    """
    missing = {doctype: readers(doctype) for doctype in doctypes}
    chosen: dict[str, list[str]] = {}
    while missing:
        gains: dict[str, list[str]] = defaultdict(list)
        for doctype, roles in missing.items():
            for role in roles or {""}:
                gains[role].append(doctype)
        best = min(gains, key=lambda role: (-len(gains[role]), cost(role), role))
        chosen[best] = sorted(gains[best])
        missing = {
            doctype: roles for doctype, roles in missing.items() if best not in (roles or {""})
        }
    return chosen


def _by_doctype(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return DocType → its rows of level 0; a DocType that has rows of other levels only, too."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_doctype = found[str(row.get("parent"))]
        if not row.get("permlevel"):
            of_doctype.append(row)
    return found
