"""Read every half hour who may see what; one instance that fails stops no other.

What was read before stays in force until CSA_ACCESS_MAX_AGE_HOURS, so a failed run hides nothing
yet: it says so in time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed, Failed

from flows.runbooks import publish_pages
from warehouse.access.hooks import unattested_apps
from warehouse.access.refresh import refresh_access
from warehouse.datastore import open_datastore
from warehouse.errors import MongoUnavailable, WarehouseError
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from prefect.client.schemas.objects import State

TIMEOUT_S = 25 * 60
PAGE = "access-stale"


@flow(
    name="access-refresh",
    flow_run_name="access refresh",
    timeout_seconds=TIMEOUT_S,
    persist_result=False,
)
async def access_refresh(instances: list[str] | None = None) -> State[Any]:
    """Read the permission tables of `instances`, all when not given, side by side."""
    settings = get_settings()
    names = instances or list(settings.instances)
    try:
        async with open_datastore(settings):
            # Prefect types a task with return_state as if it were synchronous.
            reading = [
                cast("Awaitable[State[Any]]", refresh(name, return_state=True)) for name in names
            ]
            states = dict(zip(names, await asyncio.gather(*reading), strict=True))
    except MongoUnavailable as error:
        return Failed(message=str(error))
    failed = {name: state for name, state in states.items() if not state.is_completed()}
    if failed:
        await publish_pages([PAGE])
        said = " ".join(str(state.message) for state in failed.values())
        return Failed(message=f"{len(failed)} of {len(states)} instances failed. {said}")
    return Completed(message=" ".join(str(state.message) for state in states.values()))


@task(name="refresh", task_run_name="{instance}", persist_result=False, cache_policy=NO_CACHE)
async def refresh(instance: str) -> State[Any]:
    """Read the permission tables of one instance."""
    try:
        refreshed = await refresh_access(get_settings().instance(instance))
    except WarehouseError as error:
        return Failed(message=f"{instance}: {error}")
    said = "new rules in force" if refreshed.is_changed else "rules as before"
    unknown = unattested_apps(refreshed.snapshot)
    more = f", nothing shown by roles: {', '.join(unknown)} not attested" if unknown else ""
    return Completed(message=f"{instance}: {said}{more}.")
