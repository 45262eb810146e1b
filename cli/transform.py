"""`csa transform`: build the business datasets, in this process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pymongo.errors import ConnectionFailure

from cli.failures import LEASE_HELD, NOTHING_DONE
from cli.ingest import PARTLY_DONE
from cli.options import AsJson, select_instances
from cli.terminal import end_on_sigterm, log_to_stderr, out, print_error, print_json, printable
from warehouse.datasets.registry import load_registry
from warehouse.errors import LeaseError
from warehouse.mongodb.failures import explain_loss_of_transform
from warehouse.settings import get_settings
from warehouse.transform.opening import open_configured_transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.datasets.declaration import Dataset
    from warehouse.settings import Settings
    from warehouse.transform.run import DatasetReport

Slugs = Annotated[
    list[str] | None, typer.Argument(metavar="[DATASET]…", help="Datasets; default: all.")
]


def transform(
    datasets: Slugs = None,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Build every partition, changed or not.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build what has changed of the business datasets; those that others are made of come first.

    Exit code: 0 all well, 3 some partitions failed and keep their earlier builds, 1 nothing done,
    5 another process transforms.
    """
    log_to_stderr()
    end_on_sigterm()
    settings = get_settings()
    select_instances(settings, None)
    chosen = load_registry().choose(datasets or ())
    try:
        reports = asyncio.run(_transform(settings, chosen, full=full))
    except LeaseError as error:
        print_error(error)
        raise typer.Exit(LEASE_HELD) from None
    if as_json:
        print_json({"datasets": {one.dataset.slug: describe(one) for one in reports}})
    else:
        for report in reports:
            _print(report)
    raise typer.Exit(_exit_code(reports))


def describe(report: DatasetReport) -> dict[str, Any]:
    """Return what was done with a dataset as JSON values."""
    return {
        "built": len(report.built) - len(report.failed),
        "current": report.current,
        "rows": report.rows,
        "rejected": sum(one.rejected for one in report.pointer.live),
        "seconds": round(report.seconds, 3),
        "failed": {
            str(build.slot): build.failure.model_dump() for build in report.failed if build.failure
        },
        "partitions": [
            {
                "partition": str(build.slot),
                "state": build.state,
                "rows": build.rows,
                "rejected": build.rejected,
                "checks": [check.model_dump() for check in build.checks],
                "tie_outs": [tie.model_dump() for tie in build.tie_outs],
            }
            for build in report.built
        ],
    }


async def _transform(
    settings: Settings, datasets: Sequence[Dataset], *, full: bool
) -> list[DatasetReport]:
    try:
        async with open_configured_transform(settings, full=full) as running:
            return [await running.run(dataset) for dataset in datasets]
    except ConnectionFailure as error:
        raise explain_loss_of_transform(error) from None


def _exit_code(reports: Sequence[DatasetReport]) -> int:
    if not any(report.failed for report in reports):
        return 0
    done = any(len(report.failed) < len(report.built) or report.current for report in reports)
    return PARTLY_DONE if done else NOTHING_DONE


def _print(report: DatasetReport) -> None:
    built = len(report.built) - len(report.failed)
    colour, word = ("red", "failed") if report.failed else ("green", "built")
    out.print(
        f"[bold]{report.dataset.slug}[/] [{colour}]{word}[/]: {built:,} partitions built, "
        f"{report.current:,} up to date, {report.rows:,} rows live in {report.seconds:.1f} s"
    )
    for build in report.failed:
        if build.failure:
            said = printable(f"{build.slot}: {build.failure.message} {build.failure.cure}")
            out.print(f"  [red]failed[/] {said}")
    for build in report.built:
        for check in build.checks:
            if not check.passed and not check.blocks:
                said = f"{check.title} ({check.code}): {check.violations} of {check.rows} rows"
                out.print(f"  [yellow]check[/] {build.slot}: {printable(said)}")
        for tie in build.tie_outs:
            if tie.differing:
                said = f"{tie.title} ({tie.code}): {tie.differing} of {tie.groups} differ"
                out.print(f"  [yellow]tie-out[/] {build.slot}: {printable(said)}")
    rejected = sum(one.rejected for one in report.pointer.live)
    if rejected:
        out.print(f"  {rejected:,} rows rejected, kept beside the others with their reasons")
