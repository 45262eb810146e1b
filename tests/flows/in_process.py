"""Flows run by the test's own process, known to a real server: no process to start for each run."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from prefect import get_client
from prefect.events.worker import EventsWorker
from prefect.flow_engine import run_flow_async
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_URL, PREFECT_LOCAL_STORAGE_PATH, temporary_settings
from prefect.states import Scheduled

from warehouse.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from uuid import UUID

    from prefect import Flow
    from prefect.client.schemas.objects import State

    from demo.prefect_server import PrefectServer


# Prefect leaves sockets to the garbage collector.
LEFT_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@dataclass
class Attempts:
    """The attempts of one flow run."""

    flow: Flow[..., Any]
    parameters: dict[str, Any]
    run_id: UUID | None = None

    async def run(self) -> State[Any]:
        """Run the flow; after the first time as its Retry button does. Return the final state."""
        async with get_client() as client:
            if self.run_id is None:
                run = await client.create_flow_run(self.flow, parameters=self.parameters)
                self.run_id = run.id
            else:
                again = Scheduled(name="AwaitingRetry")
                # Without force only the run of a deployment is taken.
                await client.set_flow_run_state(self.run_id, again, force=True)
                run = await client.read_flow_run(self.run_id)
        state: State[Any] = await run_flow_async(
            self.flow, flow_run=run, parameters=self.parameters, return_type="state"
        )
        return state


@contextmanager
def flows_in_process(
    server: PrefectServer, variables: Mapping[str, str], results: Path
) -> Iterator[None]:
    """Let flows of this process find the server, and `variables` as the warehouse's settings."""
    server.wait_until_up()
    own = {PREFECT_API_URL: f"{server.url}/api", PREFECT_LOCAL_STORAGE_PATH: results}
    with pytest.MonkeyPatch.context() as patch, temporary_settings(own):
        for name, value in variables.items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        yield
        # Threads that tell the server what happened keep connections until they have told all.
        EventsWorker.drain_all()
        APILogWorker.drain_all()
        gc.collect()
    get_settings.cache_clear()
