"""`csa demo`: the main job on sample ERPNext sites, an embedded MongoDB and a Prefect server."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.status import print_datasets, print_status, read_datasets
from cli.terminal import end_on_sigterm, log_to_stderr, out
from demo.accounts import PORTAL_PASSWORD, make_accounts
from demo.api_server import api_server
from demo.prefect_server import prefect_server
from demo.processes import running
from demo.sites import sample_sites, settings_variables
from warehouse.datastore import open_datastore
from warehouse.documents.status import read_status
from warehouse.ingestion.run import utc_now
from warehouse.mongodb import embedded_mongod
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from demo.accounts import DemoAccount
    from demo.prefect_server import PrefectServer
    from warehouse.settings import Settings

FROM_ENVIRONMENT = ("CSA_DATA_DIR", "CSA_MONGOD")
EXAMPLES = (
    "/api/v1/instances",
    "/api/v1/instances/kisanmitra/doctypes/Sales%20Invoice/documents?size=3&sort=-posting_date",
    "/api/v1/datasets/sales_monthly/query?measure=net&by=instance,month",
    "/schema/openapi.json",
)
OF_OPERATORS = ("/api/v1/freshness", "/api/v1/runs")
ENDED_S = 60.0
DEPLOYED_S = 60.0
RUN_S = 1800.0
FAILED = 1


class Clock:
    """Says what each part of the start took."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def lap(self, what: str) -> None:
        """Print what was done since the last lap, and its seconds."""
        now = time.monotonic()
        out.print(f"[dim]{now - self._last:6.1f} s[/]  {what}")
        self._last = now


def demo(
    *, once: Annotated[bool, typer.Option("--once", help="End after the run.")] = False
) -> None:
    """Run the daily job on two sample ERPNext sites with a real Prefect server, and show it.

    Ctrl-C or SIGTERM ends all that it started. With --once it exits non-zero if any part failed.
    """
    log_to_stderr()
    end_on_sigterm()
    clock = Clock()
    machine = {name: os.environ[name] for name in FROM_ENVIRONMENT if name in os.environ}
    data_dir = load_settings(machine, env_file=None).csa_data_dir.resolve()
    with ExitStack() as parts:
        server = parts.enter_context(prefect_server(data_dir))
        sites = parts.enter_context(sample_sites())
        variables = machine | {"CSA_DATA_DIR": str(data_dir)} | settings_variables(sites)
        settings = load_settings(variables, env_file=None)
        parts.enter_context(embedded_mongod(settings.csa_data_dir, settings.csa_mongod))
        flows_log = data_dir / "flows.log"
        parts.enter_context(running(("cli", "flows"), variables | server.variables, flows_log))
        clock.lap(f"two sample ERPNext sites and MongoDB started, data in {data_dir}")
        server.wait_until_up()
        clock.lap(f"Prefect server started: {server.url}")
        is_well = _run_daily(server, clock)
        accounts = asyncio.run(make_accounts(settings))
        clock.lap(f"{len(accounts)} portal accounts made")
        url = parts.enter_context(api_server(data_dir, variables))
        clock.lap(f"API started: {url}")
        asyncio.run(_show(settings))
        _explain(server, url, accounts, variables)
        if not once:
            _wait_for_ctrl_c()
    if not is_well:
        raise typer.Exit(FAILED)


def _run_daily(server: PrefectServer, clock: Clock) -> bool:
    if ended := server.end_earlier_runs(ENDED_S):
        clock.lap(f"{ended} runs of an earlier demo ended")
    deployment = server.find_deployment("daily/daily", DEPLOYED_S)
    clock.lap("deployments served")
    run = server.start_run(deployment)
    out.print(f"          daily run: {server.run_url(run)}")
    state = server.wait_for_run(run, RUN_S)
    clock.lap(f"daily run {state['name']}: {state['message']}")
    return bool(state["type"] == "COMPLETED")


async def _show(settings: Settings) -> None:
    async with open_datastore(settings):
        print_status(await read_status(settings.instances, utc_now()))
        print_datasets(await read_datasets(settings.instances, utc_now()))


def _explain(
    server: PrefectServer, url: str, accounts: list[DemoAccount], variables: dict[str, str]
) -> None:
    operator, *employees = accounts
    out.print()
    out.print(f"Prefect UI: {server.url}/runs")
    out.print(f"Portal accounts, all with the password {PORTAL_PASSWORD}:")
    for account in accounts:
        users = ", ".join(f"{user} in {erp}" for erp, user in account.users.items())
        out.print(f"  {account.name:10} {users or 'sees how the warehouse does'}")
    out.print("The same users sign in with their ERPNext's password: <instance>-password.")
    out.print("API:")
    for account, paths in ((operator, OF_OPERATORS), *((one, EXAMPLES) for one in employees[:1])):
        for path in paths:
            out.print(f"  curl -H 'Authorization: Bearer {account.token}' '{url}{path}'")
    out.print("Try the commands from another terminal, away from any .env:")
    out.print(f"  cd {shlex.quote(variables['CSA_DATA_DIR'])}; unset MONGODB_URI")
    for name, value in variables.items():
        out.print(f"  export {name}={shlex.quote(value)}")
    out.print(f"  {shlex.quote(str(Path(sys.executable).with_name('csa')))} status")


def _wait_for_ctrl_c() -> None:
    out.print("Ctrl-C ends it all.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        out.print()
