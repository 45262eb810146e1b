"""`csa rejected`: documents that could not be stored."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table

from cli.ingest import Result, exit_code, ingest_all, print_results
from cli.options import AsJson, Instances, select_instances
from cli.terminal import end_on_sigterm, log_to_stderr, out, print_json, printable
from warehouse.datastore import open_datastore
from warehouse.documents.rejected import read_rejected, read_rejected_names
from warehouse.ingestion.task import Selection
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.settings import ErpInstance, Settings

app = typer.Typer(help="Documents that could not be stored.", no_args_is_help=True)


@app.command("list")
def list_rejected(instances: Instances = None, *, as_json: AsJson = False) -> None:
    """List the documents kept aside, with the reason of each."""
    settings = get_settings()
    names = [erp.instance for erp in select_instances(settings, instances)]
    rows = asyncio.run(_read(settings, names))
    if as_json:
        print_json({"rejected": rows})
        return
    table = Table("instance", "DocType", "name", "reason", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        table.add_row(
            *(printable(str(row[key])) for key in ("instance", "doctype", "name", "reason"))
        )
    out.print(table if rows else "No document is kept aside.")


@app.command("retry")
def retry(instances: Instances = None, *, as_json: AsJson = False) -> None:
    """Pull the documents kept aside again, and store those that can be stored by now.

    Exit code: as `csa ingest`.
    """
    log_to_stderr()
    end_on_sigterm()
    settings = get_settings()
    results = asyncio.run(_retry(settings, select_instances(settings, instances)))
    if as_json:
        print_json({"instances": {result.instance: result.as_json() for result in results}})
    elif results:
        print_results(results)
    else:
        out.print("No document is kept aside.")
    raise typer.Exit(exit_code(results))


async def _read(settings: Settings, names: Sequence[str]) -> list[dict[str, Any]]:
    async with open_datastore(settings):
        return [
            row.model_dump(mode="json", exclude={"id", "raw"}) async for row in read_rejected(names)
        ]


async def _retry(settings: Settings, erps: Sequence[ErpInstance]) -> list[Result]:
    results: list[Result] = []
    for erp in erps:
        async with open_datastore(settings):
            doctypes = (await read_rejected_names(erp.instance)).keys()
        if doctypes:
            results += await ingest_all(settings, [erp], Selection(frozenset(doctypes)))
    return results
