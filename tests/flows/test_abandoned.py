"""Runs whose process died: a real server, where no heartbeat tells of them any more."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from prefect import get_client
from prefect.events import get_events_client
from prefect.events.schemas.events import Event, Resource
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.abandoned import HEARTBEAT, crash_abandoned
from flows.recent_events import has_happened

if TYPE_CHECKING:
    from collections.abc import Callable

    from prefect.client.orchestration import PrefectClient

    from demo.prefect_server import PrefectServer

LIMIT_S = 60.0
LEEWAY_S = 1.0
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
def make_deployment(server: PrefectServer) -> Callable[[str], Deployment]:
    server.wait_until_up()
    flow = server.post("flows/", {"name": "abandoned"})
    limits = {
        "concurrency_limit": 1,
        "concurrency_options": {"collision_strategy": "CANCEL_NEW"},
    }

    def make(name: str) -> Deployment:
        made = server.post("deployments/", {"name": name, "flow_id": flow["id"], **limits})
        return Deployment(server, made["id"])

    return make


async def test_a_run_without_a_heartbeat_is_crashed_and_its_place_is_free(
    server: PrefectServer, make_deployment: Callable[[str], Deployment]
):
    silent, beating = make_deployment("silent"), make_deployment("beating")
    dead, alive = silent.add_run("RUNNING"), beating.add_run("RUNNING")
    began = datetime.now(UTC)
    with temporary_settings({PREFECT_API_URL: f"{server.url}/api"}):
        async with get_client() as client:
            await asyncio.sleep(LEEWAY_S)
            await beat(client, alive, began)
            await crash_abandoned(client, datetime.now(UTC) - began)
    assert (silent.state(dead), beating.state(alive)) == ("CRASHED", "RUNNING")
    assert silent.advance(silent.add_run(), "PENDING")["status"] == "ACCEPT"


async def beat(client: PrefectClient, run_id: str, since: datetime) -> None:
    """Send the sign of life of a run, and wait until the server knows of it."""
    resource = f"prefect.flow-run.{run_id}"
    async with get_events_client() as events:
        about = Resource({"prefect.resource.id": resource})
        await events.emit(Event(event=HEARTBEAT, resource=about))
    async with asyncio.timeout(LIMIT_S):
        while not await has_happened(client, HEARTBEAT, resource, since):  # noqa: ASYNC110 elsewhere
            await asyncio.sleep(0.1)


def test_a_second_demo_ends_what_the_first_left_so_that_its_place_is_free(
    make_deployment: Callable[[str], Deployment],
):
    deployment = make_deployment("of a demo")
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
