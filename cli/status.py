"""`csa status`: what is stored, how fresh it is, what went wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.options import AsJson, Instances, select_instances
from cli.terminal import out, print_json, printable
from warehouse.datasets.registry import load_registry
from warehouse.datastore import open_datastore
from warehouse.documents.control import Outcome
from warehouse.documents.dataset_status import DatasetStatus, read_dataset_status
from warehouse.documents.status import DocTypeStatus, DriftStatus, InstanceStatus, read_status
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    """Show documents, freshness and failures of each instance and DocType, and of each dataset."""
    settings = get_settings()
    names = [erp.instance for erp in select_instances(settings, instances)]
    statuses, datasets = asyncio.run(_read(settings, names))
    if as_json:
        print_json(
            {
                "instances": [status.model_dump(mode="json") for status in statuses],
                "datasets": [dataset.model_dump(mode="json") for dataset in datasets],
            }
        )
    else:
        print_status(statuses, empty=empty)
        print_datasets(datasets)


def print_status(statuses: Sequence[InstanceStatus], *, empty: bool = False) -> None:
    """Print a head line and a table of DocTypes per instance."""
    for one in statuses:
        _print_head(one)
        for event in one.drift:
            out.print(f"  {_drift(event)}")
        lines = [doctype for doctype in one.doctypes if empty or doctype.is_worth_a_line]
        if lines:
            out.print(_table(lines))


def print_datasets(datasets: Sequence[DatasetStatus]) -> None:
    """Print a table of the datasets that were ever built."""
    built = [dataset for dataset in datasets if dataset.transformed_at]
    if not built:
        return
    table = Table(box=None, padding=(0, 2, 0, 2))
    table.add_column("dataset")
    for heading in ("rows", "rejected", "partitions", "built", "complete as of"):
        table.add_column(heading, justify="right")
    table.add_column("checks")
    for one in built:
        table.add_row(
            one.slug,
            f"{one.rows:,}",
            f"{one.rejected:,}",
            f"{one.partitions:,}",
            f"{one.built_at:%Y-%m-%d %H:%M}" if one.built_at else "never",
            f"{one.as_of:%Y-%m-%d %H:%M}" if one.as_of else "unknown",
            _checks(one),
        )
    out.print(table)


async def read_datasets(instances: Iterable[str], now: datetime) -> list[DatasetStatus]:
    """Return the status of every dataset as far as it is of `instances`."""
    names, known = list(instances), load_registry().datasets.values()
    return [await read_dataset_status(dataset, names, now) for dataset in known]


async def _read(
    settings: Settings, names: Sequence[str]
) -> tuple[list[InstanceStatus], list[DatasetStatus]]:
    now = datetime.now(UTC)
    async with open_datastore(settings):
        statuses = await read_status(names, now)
        return statuses, await read_datasets(names, now)


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
    for spot in one.blind_spots:
        out.print(f"  [yellow]not seen[/] {printable(spot.message)} {printable(spot.cure)}")
    if one.access_failure:
        since = f"those of {one.access_read_at:%Y-%m-%d %H:%M}" if one.access_read_at else "none"
        out.print(
            f"  [yellow]access rules[/] in force: {since}. "
            f"{printable(one.access_failure.message)} {printable(one.access_failure.cure)}"
        )


def _checks(one: DatasetStatus) -> str:
    said = [
        f"[red]failed[/] {slot}: {printable(f'{why.message} {why.cure}')}"
        for slot, why in one.failures.items()
    ]
    said += [f"[yellow]{code}[/] in {number}" for code, number in one.warnings.items()]
    said += [
        f"[yellow]partial[/] {printable(f'{gap.instance} {gap.doctype} {gap.reason}')}"
        for gap in one.gaps
    ]
    return "; ".join(said) or "passed"


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
    table.add_column("synced", justify="right")
    table.add_column("verified", justify="right")
    table.add_column("state")
    for line in lines:
        table.add_row(
            printable(line.doctype),
            f"{line.documents:,}",
            f"{line.rejected:,}",
            f"{line.attempted_at:%Y-%m-%d %H:%M}" if line.attempted_at else "never",
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
