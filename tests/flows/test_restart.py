"""A Prefect server that is restarted while a run is on."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from demo.prefect_server import prefect_server
from demo.processes import free_port, running
from demo.sites import settings_variables
from tests.flows.operator import Operator

if TYPE_CHECKING:
    from pathlib import Path

    from demo.site.process import SiteProcess
    from tests.commanding import Csa

DELAY_S = 15.0


@pytest.mark.soak
def test_a_restart_of_the_server_in_the_middle_of_a_run_loses_nothing_stored(
    tmp_path: Path, csa: Csa, site: SiteProcess
):
    port = free_port()
    site.control.fault("delay", seconds=DELAY_S, match={"doctype": "Customer"}, times=3)
    variables = settings_variables({"site": site}) | {
        "MONGODB_URI": csa.uri,
        "MONGODB_DATABASE_NAME": csa.database,
    }
    with ExitStack() as parts:
        with prefect_server(tmp_path, port=port) as server:
            server.wait_until_up()
            # It lives on while the server is away.
            flows = running(("cli", "flows"), variables | server.variables, tmp_path / "flows.log")
            parts.enter_context(flows)
            run_id = Operator(server).start("ingest/ingest", instance="site")
            _wait_until_running(Operator(server), run_id)
        with prefect_server(tmp_path, port=port) as server:
            server.wait_until_up()
            state = Operator(server).wait(run_id)
            assert state["type"] in {"COMPLETED", "FAILED", "CRASHED"}
            following = Operator(server).run("ingest/ingest", instance="site")[1]
            assert following["type"] == "COMPLETED", following
    verified = csa.run("verify", "--json")
    assert verified.code == 0, verified.stdout


def _wait_until_running(operator: Operator, run_id: str) -> None:
    while operator.flow_run(run_id)["state"]["type"] != "RUNNING":
        time.sleep(0.5)
    time.sleep(DELAY_S / 3)
