"""How commands speak: results on stdout, progress and problems on stderr."""

from __future__ import annotations

import logging
import re
import signal
import sys
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from warehouse.errors import WarehouseError

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Where nobody looks at it, a table is as wide as it needs: a name in two pieces is no name.
ANY_WIDTH = 10_000

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else ANY_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one JSON value, and nothing else, on stdout."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value)).decode() + "\n")


def printable(text: str) -> str:
    """Return `text` of an ERP's making so that it can't steer the terminal, nor Rich."""
    return escape(CONTROL.sub("\N{REPLACEMENT CHARACTER}", text))


def print_error(error: WarehouseError) -> None:
    """Print what happened and what to do now."""
    err.print(f"[bold red]error[/] {escape(error.message)}")
    if error.cure:
        err.print(f"      {escape(error.cure)}")


def end_on_sigterm() -> None:
    """Take SIGTERM for Ctrl-C, so that a run which a supervisor ends gives its lease back."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started in a script's background; what is ignored could not be raised.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


def log_to_stderr() -> None:
    """Log lines on stderr; httpx's own would show document names in URLs."""
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
