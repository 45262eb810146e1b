"""What nine users of a real ERPNext could read (`dataset/oracle.json`), and how to judge by it.

A leak is a document that is shown and that ERPNext refuses; a needless denial one that ERPNext
shows. Some are kept back on purpose, each for a `Reason` that is counted by itself. The answers of
`get` are the truth: ERPNext's lists show more in places.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.reference import dataset_rows, reference_folder
from warehouse.access.rules import SYSTEM_USER
from warehouse.erpnext.policy import Policy, policy_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

SITE = "site2"


class Reason(StrEnum):
    """Why a document is kept back: a disabled user, whose API key still reads there; a DocType that
    is never served (User, Role, Module Def, Communication, Comment); a private File, which is read
    with what it is attached to; a Website User, whom nothing lets sign in here.
    """

    DISABLED = "disabled user"
    NEVER_SERVED = "never served"
    PRIVATE_FILE = "private File"
    WEBSITE_USER = "Website User"


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

    `is_portal`: it is the portal that shows; it lets no Website Users in. `meant`: by DocType and
    reason, what is kept back on purpose.
    """

    is_portal: bool = False
    checks: Counter[str] = field(default_factory=Counter)
    leaks: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    needless: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    meant: Counter[tuple[str, Reason]] = field(default_factory=Counter)

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
            elif may and name not in shown:
                reason = find_reason(user, doctype, is_portal=self.is_portal)
                if reason:
                    self.meant[doctype, reason] += 1
                else:
                    self.needless[doctype].append(f"{user} {name}")

    def lines(self) -> Iterable[str]:
        """Return a table: leaks and needless denials of each DocType, and what is kept back why."""
        reasons = "".join(f" {reason:>13}" for reason in Reason)
        yield f"{'DocType':24} {'checks':>7} {'leaks':>6} {'needless':>9}{reasons}"
        for doctype in sorted(self.checks):
            yield self._line(doctype, [doctype])
        yield self._line("all", list(self.checks))

    def _line(self, title: str, doctypes: list[str]) -> str:
        checks = sum(self.checks[one] for one in doctypes)
        leaks = sum(len(self.leaks[one]) for one in doctypes)
        needless = sum(len(self.needless[one]) for one in doctypes)
        meant = (sum(self.meant[one, reason] for one in doctypes) for reason in Reason)
        kept = "".join(f" {number:13}" for number in meant)
        return f"{title:24} {checks:7} {leaks:6} {needless:9}{kept}"

    def assert_right(self) -> None:
        """Fail on any leak, and on any needless denial that is not meant."""
        assert sum(self.checks.values()) > 5_000
        assert not {doctype: found for doctype, found in self.leaks.items() if found}
        assert not {doctype: found for doctype, found in self.needless.items() if found}


def find_reason(user: str, doctype: str, *, is_portal: bool) -> Reason | None:
    """Return why a document that ERPNext shows is kept back on purpose, if it is."""
    [row] = [row for row in _users() if row["name"] == user]
    if not row["enabled"]:
        return Reason.DISABLED
    if policy_of(doctype, is_custom=False) is not Policy.ORDINARY:
        return Reason.NEVER_SERVED
    if is_portal and row["user_type"] != SYSTEM_USER:
        return Reason.WEBSITE_USER
    return Reason.PRIVATE_FILE if doctype == "File" else None


@cache
def _users() -> list[dict[str, Any]]:
    return dataset_rows(SITE, "User")
