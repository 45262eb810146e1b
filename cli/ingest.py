"""`csa ingest`: bring the store up to date, in this process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pymongo.errors import ConnectionFailure

from cli.failures import failure_as_json, failure_exit_code
from cli.options import AsJson, DocTypes, Instances, select_instances
from cli.plan import print_plans
from cli.progress import watch
from cli.terminal import (
    end_on_sigterm,
    log_to_stderr,
    out,
    print_error,
    print_json,
    printable,
)
from warehouse.access.beside import refresh_beside, refresh_first
from warehouse.datastore import open_datastore
from warehouse.documents.control import Outcome, Run
from warehouse.erpnext.paging import parse_site_datetime
from warehouse.errors import ConfigurationError, WarehouseError
from warehouse.ingestion.run import Limits, Surroundings, ingest_instance
from warehouse.ingestion.task import Depth, Selection
from warehouse.mongodb.failures import explain_loss
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.settings import ErpInstance, Settings

PARTLY_DONE = 3


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one instance: its run's record, or why there is none."""

    instance: str
    run: Run | None
    error: WarehouseError | None = None

    @property
    def is_well(self) -> bool:
        """Whether everything was done."""
        return self.run is not None and self.run.outcome is Outcome.COMPLETED

    @property
    def did_something(self) -> bool:
        """Whether any DocType was brought up to date."""
        return self.run is not None and self.run.outcome is not Outcome.FAILED

    def as_json(self) -> dict[str, Any]:
        """Return the run's record, or the error, as JSON values."""
        if self.run:
            record: dict[str, Any] = self.run.model_dump(mode="json", exclude={"revision_id"})
            return record
        return failure_as_json(self.error) if self.error else {}


def ingest(  # noqa: PLR0913 an option each
    instances: Instances = None,
    doctype: DocTypes = None,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Pull every document again, changed or not.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="T", help="Only what was saved since, in the site's time."),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Count what would be pulled; pull nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the store up to date with the ERPs, without a Prefect server.

    Exit code: 0 all well, 3 partly failed or deferred, 1 nothing done, 5 another process holds
    the lease.
    """
    log_to_stderr()
    end_on_sigterm()
    settings = get_settings()
    depth = Depth.EVERYTHING if full else Depth.CHANGES
    selection = Selection(frozenset(doctype or ()), depth, check_since(since))
    erps = select_instances(settings, instances)
    if plan:
        raise typer.Exit(print_plans(settings, erps, selection, as_json=as_json))
    results = asyncio.run(ingest_all(settings, erps, selection))
    if as_json:
        print_json({"instances": {result.instance: result.as_json() for result in results}})
    else:
        print_results(results)
    raise typer.Exit(exit_code(results))


async def ingest_all(
    settings: Settings, erps: Sequence[ErpInstance], selection: Selection, kind: str = "ingest"
) -> list[Result]:
    """Ingest instances side by side; one that fails stops no other."""
    async with open_datastore(settings):
        with watch() as progress:
            surroundings = Surroundings(progress=progress)
            return await asyncio.gather(
                *(_ingest(settings, erp, selection, surroundings, kind) for erp in erps)
            )


def check_since(since: str | None) -> str | None:
    """Return `since` if it is a datetime; ERPNext takes any other text to mean everything.

    Raises:
        ConfigurationError: if it is none.
    """
    try:
        return parse_site_datetime(since).isoformat(" ") if since else None
    except ValueError:
        raise ConfigurationError(
            f"--since {since} is no datetime.", cure="Write it as 2026-11-20 or 2026-11-20 13:00."
        ) from None


def exit_code(results: Sequence[Result]) -> int:
    """Return the exit code that tells how it went."""
    if all(result.is_well for result in results):
        return 0
    if any(result.did_something for result in results):
        return PARTLY_DONE
    return failure_exit_code(result.error for result in results)


def print_results(results: Sequence[Result]) -> None:
    """Print a paragraph per instance: numbers, then each failure with its cure."""
    for result in results:
        if result.error:
            print_error(result.error)
        if result.run:
            _print_run(result.run)


async def _ingest(
    settings: Settings,
    erp: ErpInstance,
    selection: Selection,
    surroundings: Surroundings,
    kind: str,
) -> Result:
    try:
        await refresh_first(erp)
        run = await ingest_instance(erp, Limits.of(settings), selection, surroundings, kind)
        if run.failure is None:
            # The rules of who may see what, too; when they can't be read, those of before stay.
            await refresh_beside(erp)
    except WarehouseError as error:
        return Result(erp.instance, None, error)
    except ConnectionFailure as error:
        return Result(erp.instance, None, explain_loss(erp.instance, error))
    return Result(erp.instance, run)


def _print_run(run: Run) -> None:
    totals = run.totals
    is_well = run.outcome is Outcome.COMPLETED and not run.blind_spots
    colour = "green" if is_well else "yellow"
    out.print(
        f"[bold]{run.instance}[/] [{colour}]{run.outcome.value}[/]: "
        f"{totals.seen:,} documents seen, {totals.new:,} new, {totals.changed:,} changed, "
        f"{totals.unchanged:,} unchanged, {totals.deleted:,} deleted, {totals.renamed:,} renamed, "
        f"{totals.rejected:,} rejected; "
        f"{totals.requests:,} requests in {totals.seconds:.1f} s"
    )
    if run.failure:
        out.print(
            f"  [red]stopped[/] {printable(run.failure.message)} {printable(run.failure.cure)}"
        )
    if run.unreached:
        out.print(f"  {run.unreached:,} DocTypes were not reached; the next run does them.")
    denied = [report.doctype for report in run.doctypes if report.outcome is Outcome.DENIED]
    if denied:
        out.print(
            f"  denied to the key, which is no failure: {printable(', '.join(sorted(denied)))}"
        )
    for spot in run.blind_spots:
        out.print(f"  [yellow]not seen[/] {printable(spot.message)} {printable(spot.cure)}")
    for report in run.doctypes:
        if report.failure and report.outcome is not Outcome.DENIED:
            out.print(
                f"  [red]{report.outcome.value}[/] {printable(report.doctype)}: "
                f"{printable(report.failure.message)} {printable(report.failure.cure)}"
            )
