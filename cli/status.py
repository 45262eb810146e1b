"""`csa status`: what is stored, how fresh it is, what went wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.options import AsJson, Instances, select_instances
from cli.terminal import out, print_json, printable
from warehouse.datastore import open_datastore
from warehouse.documents.control import Outcome
from warehouse.documents.status import DocTypeStatus, DriftStatus, InstanceStatus, read_status
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.settings import Settings

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def status(
    instances: Instances = None,
    *,
    empty: Annotated[
        bool, typer.Option("--empty", help="List DocTypes without documents, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show documents, freshness and failures of each instance and DocType."""
    settings = get_settings()
    names = [erp.instance for erp in select_instances(settings, instances)]
    statuses = asyncio.run(_read(settings, names))
    if as_json:
        print_json({"instances": [status.model_dump(mode="json") for status in statuses]})
    else:
        print_status(statuses, empty=empty)


def print_status(statuses: Sequence[InstanceStatus], *, empty: bool = False) -> None:
    """Print a head line and a table of DocTypes per instance."""
    for one in statuses:
        _print_head(one)
        for event in one.drift:
            out.print(f"  {_drift(event)}")
        lines = [doctype for doctype in one.doctypes if empty or doctype.is_worth_a_line]
        if lines:
            out.print(_table(lines))


async def _read(settings: Settings, names: Sequence[str]) -> list[InstanceStatus]:
    async with open_datastore(settings):
        return await read_status(names, datetime.now(UTC))


def _print_head(one: InstanceStatus) -> None:
    if one.run_outcome is None:
        out.print(f"[bold]{one.instance}[/]: never ingested")
        return
    versions = ", ".join(f"{app} {version}" for app, version in one.versions.items())
    out.print(
        f"[bold]{one.instance}[/] {printable(one.title or '')} ({printable(versions)}): "
        f"{one.documents:,} documents, {one.rejected:,} rejected, last run {one.run_id} "
        f"{one.run_outcome.value}"
    )
    if one.run_failure:
        out.print(f"  {printable(one.run_failure.message)} {printable(one.run_failure.cure)}")


def _drift(event: DriftStatus) -> str:
    where = " ".join(part for part in (event.doctype, event.field) if part)
    change = " → ".join(part for part in (event.before, event.after) if part)
    version = f" (version {event.meta_version})" if event.meta_version else ""
    said = printable(f"{event.drift.value} {where} {change}")
    return f"[cyan]drift[/] {event.at:%Y-%m-%d} {said}{version}"


def _table(lines: Sequence[DocTypeStatus]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 2))
    table.add_column("DocType")
    table.add_column("documents", justify="right")
    table.add_column("rejected", justify="right")
    table.add_column("verified", justify="right")
    table.add_column("state")
    for line in lines:
        table.add_row(
            printable(line.doctype),
            f"{line.documents:,}",
            f"{line.rejected:,}",
            _ago(line.lag_s),
            _state(line),
        )
    return table


def _state(line: DocTypeStatus) -> str:
    if line.failure is None:
        frozen = f", frozen since {line.frozen_at:%Y-%m-%d}" if line.frozen_at else ""
        return f"{line.outcome.value}{frozen}"
    colour = "yellow" if line.outcome is Outcome.DENIED else "red"
    return (
        f"[{colour}]{line.outcome.value}[/] "
        f"{printable(line.failure.message)} {printable(line.failure.cure)}"
    )


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    for unit_s, unit in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
        if seconds >= unit_s:
            return f"{seconds / unit_s:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
