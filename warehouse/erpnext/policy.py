"""What happens to each DocType of Frappe and ERPNext: data, not code (`doctype_policy.json`)."""

from __future__ import annotations

import json
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class Policy(StrEnum):
    """Where a DocType's documents go."""

    ORDINARY = "ordinary"
    STORED_NOT_SERVED = "stored_not_served"
    ENGINE_ONLY = "engine_only"
    NEVER_PULLED = "never_pulled"

    @property
    def is_stored(self) -> bool:
        """Whether documents go into `erp_<instance>`."""
        return self in {Policy.ORDINARY, Policy.STORED_NOT_SERVED}


def policy_of(doctype: str, *, is_custom: bool, is_single: bool = False) -> Policy:
    """Return the policy of a DocType; a custom one is ordinary whatever its name.

    A Single called "… Settings" that the table does not know is another app's, and may hold what
    nobody should see: it is stored and not served.
    """
    if is_custom:
        return Policy.ORDINARY
    is_settings = is_single and doctype.endswith(" Settings")
    unknown = Policy.STORED_NOT_SERVED if is_settings else Policy.ORDINARY
    return _policies().get(doctype, unknown)


def is_selected(doctype: str, include: Iterable[str], exclude: Iterable[str]) -> bool:
    """Say whether an instance's INCLUDE and EXCLUDE globs let a DocType through."""
    included = [fnmatchcase(doctype, glob) for glob in include]
    return (any(included) or not included) and not any(
        fnmatchcase(doctype, glob) for glob in exclude
    )


@cache
def _policies() -> dict[str, Policy]:
    text = files("warehouse.erpnext").joinpath("doctype_policy.json").read_text("utf-8")
    table: dict[str, Any] = json.loads(text)
    return {doctype: Policy(policy) for doctype, policy in table["doctypes"].items()}
