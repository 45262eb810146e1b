"""Start the run of another deployment and wait for its end.

Only the run of a deployment has a Retry button in the Prefect UI; a subflow called inline has none.
The starter keeps no result and no cache, so that a parent that is retried after its child was
healed looks at the child anew; the idempotency key makes it find the same child.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.deployments import arun_deployment
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from prefect.client.schemas.objects import State

POLL_S = 1.0


async def start_and_wait(deployment: str, key: str, parameters: dict[str, Any]) -> State[Any]:
    """Run `deployment` as a child of this flow run and return how it ended, well or not.

    `key`: tells the children of a deployment apart. One that failed is no exception here: its
    siblings go on.
    """
    # Prefect types a task with return_state as if it were synchronous.
    return await cast(
        "Awaitable[State[Any]]", start(deployment, key, parameters, return_state=True)
    )


@task(name="start", task_run_name="{deployment} {key}", persist_result=False, cache_policy=NO_CACHE)
async def start(deployment: str, key: str, parameters: dict[str, Any]) -> State[Any]:
    """Run `deployment` with `parameters`, once per parent run and `key`; end as it ended."""
    child = await arun_deployment(
        deployment,
        parameters=parameters,
        as_subflow=True,
        idempotency_key=f"{flow_run.id}-{deployment}-{key}",
        poll_interval=POLL_S,
    )
    state = child.state
    if state is None or not state.is_completed():
        name = state.name if state else "Unknown"
        said = state.message if state and state.message else "its run page tells why."
        return Failed(message=f"{deployment} {key} {name}: {said}")
    return Completed(name=state.name, message=state.message)
