"""How a command tells of an instance that it could do nothing with: as JSON and by exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.errors import LeaseError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.errors import WarehouseError

NOTHING_DONE = 1
LEASE_HELD = 5


def failure_as_json(error: WarehouseError) -> dict[str, Any]:
    """Return what happened and what to do now, as JSON values."""
    failure = {"code": error.code, "message": error.message, "cure": error.cure}
    return {"outcome": "failed", "failure": failure}


def failure_exit_code(errors: Iterable[WarehouseError | None]) -> int:
    """Return 5 if another process has the lease of an instance, else 1."""
    is_held = any(isinstance(error, LeaseError) for error in errors)
    return LEASE_HELD if is_held else NOTHING_DONE
