"""Tell people of an instance on which two runs in a row did not go well.

A run that ends tells of itself. One that was killed, or stopped by its time limit, can't: `watch`
tells of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from prefect import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterName,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.runtime import flow_run

from flows.events import FAILED_TWICE, resource_of, tell_failed_twice
from flows.recent_events import has_happened
from flows.runbooks import page_for

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

    from warehouse.documents.control import Failure
    from warehouse.documents.standing import Standing

TWICE = 2
# What ended earlier is a matter of the stale store; the server forgets events after a week.
FRESH = timedelta(days=2)
ENDED = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED]


def tell_if_twice(standing: Standing) -> None:
    """Tell people if the last two runs on an instance did not go well."""
    if standing.unwell_runs >= TWICE and standing.failure:
        tell_failed_twice(standing.instance, standing.failure, page_for(standing.failure.code))


async def tell_for_silent(client: PrefectClient, standing: Standing) -> None:
    """Tell people, if the last run that did not go well has not done so itself."""
    ended_at = standing.ended_at
    if ended_at is None or datetime.now(UTC) - ended_at > FRESH:
        return
    if not await has_happened(client, FAILED_TWICE, resource_of(standing.instance), ended_at):
        tell_if_twice(standing)


async def tell_if_again(instance: str, kind: str, failure: Failure) -> None:
    """Tell people if the run at hand could not begin, and the one before did not go well either.

    Such a run leaves no record in the store, but one in the Prefect server.
    """
    async with get_client() as client:
        before = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                name=FlowRunFilterName(any_=[f"{kind} {instance}"]),
                id=FlowRunFilterId(not_any_=[flow_run.id]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=ENDED)),
            ),
            sort=FlowRunSort.END_TIME_DESC,
            limit=1,
        )
    if any(run.state and not run.state.is_completed() for run in before):
        tell_failed_twice(instance, failure, page_for(failure.code))
