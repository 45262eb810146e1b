"""Mark runs whose process died as Crashed.

Prefect learns of a death from the worker. When the worker dies too, a run stays Running or Pending
for ever, and keeps its deployment's place once the server was restarted. Every run that a
worker executes sends a heartbeat each 3 minutes, so silence tells.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.runtime import flow_run
from prefect.states import Crashed

from flows.recent_events import has_happened

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun

HEARTBEAT = "prefect.flow-run.heartbeat"
AT_WORK = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
SAID = "Its process died: no sign of life for too long. What was stored is kept; retry it."


async def crash_abandoned(client: PrefectClient, silence: timedelta) -> list[FlowRun]:
    """Mark the runs of deployments that were silent for so long as Crashed; return them.

    The run at hand is spared, since it lives.
    """
    since = datetime.now(UTC) - silence
    abandoned = [
        run
        for run in await _read_at_work(client)
        if str(run.id) != str(flow_run.id) and not await _shows_life(client, run, since)
    ]
    for run in abandoned:
        await client.set_flow_run_state(run.id, Crashed(message=SAID), force=True)
    return abandoned


async def _read_at_work(client: PrefectClient) -> list[FlowRun]:
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=AT_WORK)),
            deployment_id=FlowRunFilterDeploymentId(is_null_=False),
        )
    )


async def _shows_life(client: PrefectClient, run: FlowRun, since: datetime) -> bool:
    if run.state is None or run.state.timestamp >= since:
        return True
    return await has_happened(client, HEARTBEAT, f"prefect.flow-run.{run.id}", since)
