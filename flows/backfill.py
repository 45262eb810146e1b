"""Catch up on what one instance has saved since a day, or read all of it again."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from prefect import flow

from flows.instance_run import TIMEOUT_S, work_on
from warehouse.ingestion.task import Depth, Selection

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


@flow(
    name="backfill",
    flow_run_name="backfill {instance}",
    timeout_seconds=TIMEOUT_S,
    persist_result=False,
)
async def backfill(
    instance: str, doctypes: list[str] | None = None, since: date | None = None
) -> State[Any]:
    """Compare what was saved since a day, and store what differs; or read everything again.

    `doctypes`: of these only; `since`: that day, by the site's clock; without it, everything.
    """
    day = datetime.combine(since, time.min).isoformat(" ") if since else None
    depth = Depth.CHANGES if since else Depth.EVERYTHING
    return await work_on(instance, "backfill", Selection(frozenset(doctypes or ()), depth, day))
