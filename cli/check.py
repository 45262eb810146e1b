"""`csa check`: the doctor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from cli.options import AsJson
from cli.terminal import err, out, print_json
from warehouse.doctor.erp import Scope
from warehouse.doctor.examination import examine
from warehouse.doctor.findings import Status, is_healthy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.doctor.findings import Finding

ERROR_FOUND = 1
STYLES = {Status.OK: "green", Status.WARNING: "yellow", Status.ERROR: "bold red"}
INDENT = max(len(status) for status in Status) + 1


def check(
    *,
    every_doctype: Annotated[
        bool, typer.Option("--all", help="Ask for every DocType, not only the important ones.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what keeps the warehouse from working, and the cure: settings, MongoDB, every ERP.

    Exit code: 0 if there is no error (there may be warnings), 1 if there is.
    """
    with err.status("Examining settings, MongoDB and the ERPs …"):
        findings = asyncio.run(examine(Scope(every_doctype=every_doctype)))
    healthy = is_healthy(findings)
    if as_json:
        print_json({"ok": healthy, "findings": findings})
    else:
        print_findings(findings)
    if not healthy:
        raise typer.Exit(ERROR_FOUND)


def print_findings(findings: Sequence[Finding]) -> None:
    """Print a line per finding, and the cure below those that have one."""
    for finding in findings:
        line = Text(f"{finding.status:<{INDENT}}", style=STYLES[finding.status])
        line.append(_printable(finding.subject), style="bold")
        line.append(f"  {_printable(finding.message)}", style="not bold default")
        out.print(line, soft_wrap=True)
        if finding.cure:
            out.print(Text(" " * INDENT + _printable(finding.cure)), soft_wrap=True)


def _printable(text: str) -> str:
    """Return `text` on one line without control characters, which an ERP could send."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
