"""`csa verify`: compare the store with its ERPs; change nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import AsJson, DocTypes, Instances, select_instances
from cli.terminal import log_to_stderr, out, print_error, print_json, printable
from warehouse.datastore import open_datastore
from warehouse.errors import WarehouseError
from warehouse.ingestion.run import Limits, ask_instance
from warehouse.ingestion.task import Selection
from warehouse.ingestion.verify import Verification, compare
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from warehouse.ingestion.verify import Difference
    from warehouse.settings import ErpInstance, Settings

FAILED = 1
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

    Exit code: 0 equal, 4 different, 1 not compared.
    """
    log_to_stderr()
    settings = get_settings()
    erps = select_instances(settings, instances)
    results = asyncio.run(_verify(settings, erps, frozenset(doctype or ()), sample))
    found = [result for result in results if isinstance(result, Verification)]
    if as_json:
        print_json({"instances": [result.model_dump(mode="json") for result in found]})
    for result in results:
        if isinstance(result, WarehouseError):
            print_error(result)
        elif not as_json:
            _print(result)
    if len(found) < len(results):
        raise typer.Exit(FAILED)
    raise typer.Exit(DIFFERENT if any(result.differences for result in found) else 0)


async def _verify(
    settings: Settings, erps: list[ErpInstance], doctypes: frozenset[str], sample: int
) -> list[Verification | WarehouseError]:
    async with open_datastore(settings):
        return [await _verify_one(settings, erp, Selection(doctypes), sample) for erp in erps]


async def _verify_one(
    settings: Settings, erp: ErpInstance, selection: Selection, sample: int
) -> Verification | WarehouseError:
    try:
        return await ask_instance(
            erp, "verify", Limits.of(settings), lambda run: compare(run, selection, sample)
        )
    except WarehouseError as error:
        return error


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
