"""What the doctor found out about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.errors import WarehouseError


class Status(StrEnum):
    """`warning`: works, but not wholly. `error`: something does not work, or loses documents."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report; `cure` says what to do unless all is well."""

    subject: str
    status: Status
    message: str
    cure: str = ""


def well(subject: str, message: str) -> Finding:
    """Return a finding of something that is as it should be."""
    return Finding(subject, Status.OK, message)


def warning(subject: str, message: str, cure: str) -> Finding:
    """Return a finding of something that works, but not wholly."""
    return Finding(subject, Status.WARNING, message, cure)


def error(subject: str, message: str, cure: str) -> Finding:
    """Return a finding of something that does not work, or loses documents."""
    return Finding(subject, Status.ERROR, message, cure)


def failed(subject: str, failure: WarehouseError) -> Finding:
    """Return the finding that one of our errors amounts to."""
    return error(subject, failure.message, failure.cure)


def is_healthy(findings: Iterable[Finding]) -> bool:
    """Say whether none of `findings` is an error."""
    return all(finding.status is not Status.ERROR for finding in findings)


def list_names(names: Iterable[str]) -> str:
    """Return `names` as people list them, in order."""
    return ", ".join(sorted(names))
