"""`csa verify`: compare the store with its ERPs; change nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.failures import failure_as_json, failure_exit_code
from cli.options import AsJson, DocTypes, Instances, select_instances
from cli.terminal import end_on_sigterm, log_to_stderr, out, print_error, print_json, printable
from warehouse.datastore import open_datastore
from warehouse.errors import WarehouseError
from warehouse.ingestion.run import Limits, Surroundings, open_look
from warehouse.ingestion.task import Selection
from warehouse.ingestion.verify import Verification, compare
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.ingestion.verify import Difference
    from warehouse.settings import ErpInstance, Settings

DIFFERENT = 4


def verify(
    instances: Instances = None,
    doctype: DocTypes = None,
    *,
    sample: Annotated[
        int, typer.Option("--sample", min=0, help="Documents per DocType to compare by content.")
    ] = 5,
    as_json: AsJson = False,
) -> None:
    """Compare counts, names, versions and sampled content of the store with its ERPs.

    Exit code: 0 equal, 4 different, 1 not compared, 5 another process works on the instance.
    """
    log_to_stderr()
    end_on_sigterm()
    settings = get_settings()
    erps = select_instances(settings, instances)
    results = asyncio.run(_verify(settings, erps, frozenset(doctype or ()), sample))
    if as_json:
        names = [erp.instance for erp in erps]
        told = dict(zip(names, map(_as_json, results), strict=True))
        print_json({"instances": told})
    for result in results:
        if isinstance(result, WarehouseError):
            print_error(result)
        elif not as_json:
            _print(result)
    raise typer.Exit(exit_code(results))


def exit_code(results: Sequence[Verification | WarehouseError]) -> int:
    """Return the exit code that tells how it went: a difference above all, then a failure."""
    if any(isinstance(result, Verification) and result.differences for result in results):
        return DIFFERENT
    errors = [result for result in results if isinstance(result, WarehouseError)]
    return failure_exit_code(errors) if errors else 0


async def _verify(
    settings: Settings, erps: list[ErpInstance], doctypes: frozenset[str], sample: int
) -> list[Verification | WarehouseError]:
    async with open_datastore(settings):
        return [await _verify_one(settings, erp, Selection(doctypes), sample) for erp in erps]


async def _verify_one(
    settings: Settings, erp: ErpInstance, selection: Selection, sample: int
) -> Verification | WarehouseError:
    try:
        async with open_look(erp, Limits.of(settings), Surroundings()) as run:
            result = await compare(run, selection, sample)
    except WarehouseError as error:
        return error
    return result


def _as_json(result: Verification | WarehouseError) -> dict[str, Any]:
    if isinstance(result, WarehouseError):
        return failure_as_json(result)
    outcome = "different" if result.differences else "equal"
    return {"outcome": outcome, **result.model_dump(mode="json")}


def _print(result: Verification) -> None:
    verdict = "[yellow]differs[/]" if result.differences else "[green]equal[/]"
    out.print(
        f"[bold]{result.instance}[/] {verdict}: {result.doctypes:,} DocTypes, "
        f"{result.documents:,} documents, {result.sampled:,} of them compared by content"
    )
    if result.unreadable:
        out.print(f"  not readable by the key: {printable(', '.join(result.unreadable))}")
    for difference in result.differences:
        out.print(f"  {printable(describe(difference))}")


def describe(difference: Difference) -> str:
    """Return a difference in a line: how many of each kind, and which."""
    kinds = {
        "missing": difference.missing,
        "extra": difference.extra,
        "outdated": difference.outdated,
        "different": difference.different,
    }
    said = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names)
    return (
        f"{difference.doctype}: {difference.in_erp:,} in the ERP, {difference.stored:,} stored; "
        f"{said}"
    )
