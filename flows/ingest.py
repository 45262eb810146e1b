"""Bring the store of one instance up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow

from flows.instance_run import TIMEOUT_S, work_on
from warehouse.ingestion.task import Selection

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


@flow(
    name="ingest",
    flow_run_name="ingest {instance}",
    timeout_seconds=TIMEOUT_S,
    persist_result=False,
)
async def ingest(instance: str, doctypes: list[str] | None = None) -> State[Any]:
    """Store what is new, changed or gone in `instance`; `doctypes`: in these only."""
    return await work_on(instance, "ingest", Selection(frozenset(doctypes or ())))
