"""`csa demo`: the main job on sample ERPNext sites and an embedded MongoDB."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from cli.ingest import exit_code, ingest_all, print_results
from cli.status import print_status
from cli.terminal import log_to_stderr, out
from demo.sites import sample_sites, settings_variables
from warehouse.datastore import open_datastore
from warehouse.documents.status import read_status
from warehouse.ingestion.run import Selection, utc_now
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.ingest import Result
    from demo.site.process import SiteProcess
    from warehouse.settings import Settings

FROM_ENVIRONMENT = ("CSA_DATA_DIR", "CSA_MONGOD")


def demo(
    *, once: Annotated[bool, typer.Option("--once", help="End after the run.")] = False
) -> None:
    """Ingest two sample ERPNext sites into an embedded MongoDB, and show what is stored.

    Ctrl-C ends everything that it started. With --once the exit code is that of `csa ingest`.
    """
    log_to_stderr()
    with sample_sites() as sites:
        variables = settings_variables(sites)
        machine = {name: os.environ[name] for name in FROM_ENVIRONMENT if name in os.environ}
        settings = load_settings(machine | variables, env_file=None)
        results = asyncio.run(_run(settings))
        _explain(settings, sites, variables)
        if not once:
            _wait_for_ctrl_c()
    raise typer.Exit(exit_code(results))


async def _run(settings: Settings) -> Sequence[Result]:
    results = await ingest_all(settings, list(settings.instances.values()), Selection())
    async with open_datastore(settings):
        statuses = await read_status(settings.instances, utc_now())
    print_status(statuses)
    print_results(results)
    return results


def _explain(settings: Settings, sites: dict[str, SiteProcess], variables: dict[str, str]) -> None:
    out.print()
    out.print(f"The store is in {settings.csa_data_dir}; these sample sites fed it:")
    for instance, site in sites.items():
        out.print(f"  {instance}: {site.url}/api/resource/Customer")
    out.print("While they run, try the commands from another terminal with these variables:")
    for name, value in variables.items():
        out.print(f"  export {name}={value}")
    out.print("  .venv/bin/csa status")


def _wait_for_ctrl_c() -> None:
    out.print("Ctrl-C ends the sites.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        out.print()
