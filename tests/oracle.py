"""What nine users of a real ERPNext could read (`dataset/oracle.json`), and how to judge by it.

A leak is a document that is shown and that ERPNext refuses; a needless denial one that ERPNext
shows. Of the latter some are meant, and `is_meant` knows which. The answers of `get` are the truth:
ERPNext's lists show more in places.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.reference import dataset_rows, reference_folder
from warehouse.access.rules import SYSTEM_USER
from warehouse.erpnext.policy import Policy, policy_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

SITE = "site2"


@cache
def oracle() -> dict[str, dict[str, dict[str, Any]]]:
    """Return user → DocType → what ERPNext answered."""
    return json.loads(reference_folder().joinpath("dataset/oracle.json").read_text("utf-8"))


@cache
def held_names(doctype: str) -> frozenset[str]:
    """Return the names of the documents that the dataset has of a DocType."""
    try:
        return frozenset(str(row["name"]) for row in dataset_rows(SITE, doctype))
    except FileNotFoundError:
        return frozenset()


@dataclass
class Tally:
    """Counts per DocType, and the documents that were judged wrongly.

    `is_portal`: it is the portal that shows; it lets no Website Users in.
    """

    is_portal: bool = False
    checks: Counter[str] = field(default_factory=Counter)
    leaks: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    needless: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    meant: Counter[str] = field(default_factory=Counter)

    def judge(
        self,
        user: str,
        doctype: str,
        shown: Collection[str],
        asked: Collection[str] | None = None,
    ) -> None:
        """Compare the names `shown` to a user with what ERPNext let that user read.

        `asked`: those that were tried, if not all.
        """
        answers = oracle()[user][doctype]["get"]
        for name in held_names(doctype) & answers.keys():
            if asked is not None and name not in asked:
                continue
            self.checks[doctype] += 1
            may = answers[name] is True
            if name in shown and not may:
                self.leaks[doctype].append(f"{user} {name}")
            elif may and name not in shown and (is_meant(user, doctype) or self._keeps_out(user)):
                self.meant[doctype] += 1
            elif may and name not in shown:
                self.needless[doctype].append(f"{user} {name}")

    def _keeps_out(self, user: str) -> bool:
        return self.is_portal and any(
            row["name"] == user and row["user_type"] != SYSTEM_USER for row in _users()
        )

    def lines(self) -> Iterable[str]:
        """Return a table: leaks and needless denials of each DocType."""
        yield f"{'DocType':24} {'checks':>7} {'leaks':>6} {'needless':>9} {'meant':>6}"
        for doctype, checks in sorted(self.checks.items()):
            leaks, needless = len(self.leaks[doctype]), len(self.needless[doctype])
            yield f"{doctype:24} {checks:7} {leaks:6} {needless:9} {self.meant[doctype]:6}"

    def assert_right(self) -> None:
        """Fail on any leak, and on any needless denial that is not meant."""
        assert sum(self.checks.values()) > 5_000
        assert not {doctype: found for doctype, found in self.leaks.items() if found}
        assert not {doctype: found for doctype, found in self.needless.items() if found}


def is_meant(user: str, doctype: str) -> bool:
    """Say whether a document that ERPNext shows is kept back on purpose.

    A disabled user's API key still reads there. User, Role, Module Def, Communication and Comment
    are never served. A private File is read with the document that it is attached to.
    """
    is_disabled = any(row["name"] == user and not row["enabled"] for row in _users())
    is_kept_back = policy_of(doctype, is_custom=False) is not Policy.ORDINARY or doctype == "File"
    return is_disabled or is_kept_back


@cache
def _users() -> list[dict[str, Any]]:
    return dataset_rows(SITE, "User")
