"""How commands speak: results on stdout, progress and problems on stderr."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from warehouse.errors import WarehouseError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one JSON value, and nothing else, on stdout."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")


def print_error(error: WarehouseError) -> None:
    """Print what happened and what to do now."""
    err.print(f"[bold red]error[/] {escape(error.message)}")
    if error.cure:
        err.print(f"      {escape(error.cure)}")


def log_to_stderr() -> None:
    """Log lines on stderr; httpx's own would show document names in URLs."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
