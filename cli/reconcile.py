"""`csa reconcile`: make the store equal its ERP, silent changes and deletions included."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from cli.ingest import exit_code, ingest_all, print_results
from cli.options import AsJson, DocTypes, Instances, select_instances
from cli.terminal import end_on_sigterm, log_to_stderr, print_json
from warehouse.ingestion.task import Depth, Selection
from warehouse.settings import get_settings


def reconcile(
    instances: Instances = None,
    doctype: DocTypes = None,
    *,
    names_only: Annotated[
        bool, typer.Option("--names-only", help="Compare names and versions; read no content.")
    ] = False,
    accept_deletes: Annotated[
        bool, typer.Option("--accept-deletes", help="Remove what left, however much it is.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take a complete inventory of every DocType, read every document again, repair, report.

    Exit code: as `csa ingest`.
    """
    log_to_stderr()
    end_on_sigterm()
    settings = get_settings()
    selection = Selection(
        doctypes=frozenset(doctype or ()),
        depth=Depth.NAMES if names_only else Depth.EVERYTHING,
        accepts_deletes=accept_deletes,
    )
    erps = select_instances(settings, instances)
    results = asyncio.run(ingest_all(settings, erps, selection, kind="reconcile"))
    if as_json:
        print_json({"instances": {result.instance: result.as_json() for result in results}})
    else:
        print_results(results)
    raise typer.Exit(exit_code(results))
