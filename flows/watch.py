"""See to it that nothing is stuck and no store grows old: each half hour, whatever else runs.

It has no concurrency limit of its own, so that nothing can keep it from freeing those of others.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from prefect import flow, get_client
from prefect.artifacts import acreate_table_artifact
from prefect.states import Completed, Failed

from flows.abandoned import crash_abandoned
from flows.events import STALE, resource_of, tell_stale, tell_watched
from flows.recent_events import has_happened
from flows.runbooks import page_for, publish_pages
from flows.twice import tell_for_silent
from warehouse.datastore import open_datastore
from warehouse.documents.standing import read_standing
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import State

    from warehouse.documents.standing import Standing

TIMEOUT_S = 600
REMIND_AFTER = timedelta(hours=12)
PAGE = "stale-store"
logging.getLogger("warehouse").setLevel(logging.INFO)


@flow(name="watch", flow_run_name="watch", timeout_seconds=TIMEOUT_S, persist_result=False)
async def watch(*, silence_s: int = 900, stale_after_h: float = 36) -> State[Any]:
    """Mark abandoned runs as Crashed; fail when the store of an instance is old.

    `silence_s`: without a sign of life for so long, a run is abandoned; `stale_after_h`: so many
    hours after the last run that brought all of an instance up to date, its store is old.
    """
    async with get_client() as client:
        for run in await crash_abandoned(client, timedelta(seconds=silence_s)):
            logging.getLogger("warehouse").warning("%s was abandoned: Crashed", run.name)
        settings = get_settings()
        async with open_datastore(settings):
            names = settings.instances
            standings = await asyncio.gather(*(read_standing(name) for name in names))
        for one in standings:
            await tell_for_silent(client, one)
        stale = [one for one in standings if _is_older(one, timedelta(hours=stale_after_h))]
        for one in stale:
            await _remind(client, one)
    tell_watched()
    await _publish(standings)
    if stale:
        await publish_pages([PAGE])
        return Failed(message=" ".join(describe_standing(one) for one in stale))
    return Completed(message=f"All {len(standings)} instances are fresh.")


def describe_standing(standing: Standing) -> str:
    """Return how old the store of an instance is, and why, in a sentence or two."""
    if standing.whole_at is None:
        old = f"{standing.instance} was never brought fully up to date."
    else:
        hours = (datetime.now(UTC) - standing.whole_at).total_seconds() / 3600
        old = f"{standing.instance} was last brought fully up to date {hours:.0f} hours ago."
    failure = standing.failure
    why = f" {failure.message} {failure.cure}" if failure else " No run since has told why."
    return f"{old}{why} Runbook: {page_for(failure.code) if failure else PAGE}."


def _is_older(standing: Standing, limit: timedelta) -> bool:
    """Say whether a store is older than `limit`; one that no run has touched is not there yet."""
    since = standing.whole_at or standing.met_at
    return since is not None and datetime.now(UTC) - since > limit


async def _remind(client: PrefectClient, standing: Standing) -> None:
    """Tell the automations, but not every half hour."""
    since = datetime.now(UTC) - REMIND_AFTER
    if not await has_happened(client, STALE, resource_of(standing.instance), since):
        tell_stale(standing.instance, describe_standing(standing), PAGE)


async def _publish(standings: list[Standing]) -> None:
    rows = [
        {
            "instance": one.instance,
            "last brought fully up to date": f"{one.whole_at:%Y-%m-%d %H:%M} UTC"
            if one.whole_at
            else "never",
            "what is wrong": one.failure.message if one.failure else "",
        }
        for one in standings
    ]
    await acreate_table_artifact(rows, key="watch-stores", description="How old each store is")
