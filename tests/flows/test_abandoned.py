"""Runs whose process died: a real server, where no heartbeat tells of them any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from demo.prefect_server import PrefectServer

LIMIT_S = 60.0
DUE_LONG_AGO = {"scheduled_time": "2026-11-20T01:00:00Z"}


@dataclass(frozen=True)
class Deployment:
    """One that has a single place and cancels what finds it taken, as `daily` does."""

    server: PrefectServer
    id: str

    def add_run(self, state: str = "SCHEDULED", **details: str) -> str:
        """Make a run as if a process had brought it so far and was heard of no more."""
        begun = {"type": "SCHEDULED", "state_details": details}
        run = self.server.post(f"deployments/{self.id}/create_flow_run", {"state": begun})
        for following in {"SCHEDULED": [], "RUNNING": ["PENDING", "RUNNING"]}[state]:
            self.advance(run["id"], following)
        return str(run["id"])

    def advance(self, run_id: str, state: str) -> dict[str, Any]:
        """Ask for the next state of a run, as its worker does; return the answer."""
        said: dict[str, Any] = self.server.post(
            f"flow_runs/{run_id}/set_state", {"state": {"type": state}}
        )
        return said

    def state(self, run_id: str) -> str:
        """Return the type of the state that a run is in."""
        return str(self.server.get_run(run_id)["state"]["type"])


@pytest.fixture
def deployment(server: PrefectServer) -> Deployment:
    server.wait_until_up()
    flow = server.post("flows/", {"name": "abandoned"})
    limits = {
        "concurrency_limit": 1,
        "concurrency_options": {"collision_strategy": "CANCEL_NEW"},
    }
    made = server.post(
        "deployments/", {"name": "abandoned", "flow_id": flow["id"], "paused": True, **limits}
    )
    return Deployment(server, made["id"])


def test_a_second_demo_ends_what_the_first_left_so_that_its_place_is_free(deployment: Deployment):
    dead = deployment.add_run("RUNNING")
    late = deployment.add_run(**DUE_LONG_AGO)
    tomorrow = deployment.add_run(scheduled_time="2036-11-20T01:00:00Z")
    hindered = deployment.add_run()
    deployment.advance(hindered, "PENDING")
    assert deployment.state(hindered) == "CANCELLED", "the dead run holds the place"

    assert deployment.server.end_earlier_runs(LIMIT_S) >= len({dead, late})
    assert deployment.state(dead) == "CANCELLED"
    assert deployment.state(late) == "CANCELLED"
    assert deployment.state(tomorrow) == "SCHEDULED"
    following = deployment.add_run()
    assert deployment.advance(following, "PENDING")["status"] == "ACCEPT"
    deployment.advance(following, "RUNNING")
    deployment.advance(following, "COMPLETED")
    assert deployment.server.end_earlier_runs(LIMIT_S) == 0
