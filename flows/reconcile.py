"""Make the store of one instance equal its ERP, silent changes and deletions included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import flow

from flows.instance_run import TIMEOUT_S, work_on
from warehouse.ingestion.task import Depth, Selection

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


@flow(
    name="reconcile",
    flow_run_name="reconcile {instance}",
    timeout_seconds=TIMEOUT_S,
    persist_result=False,
)
async def reconcile(
    instance: str,
    doctypes: list[str] | None = None,
    *,
    names_only: bool = False,
    accept_deletes: bool = False,
) -> State[Any]:
    """Take a complete inventory of every DocType and read every document again.

    `doctypes`: only these; `names_only`: compare names and versions, read no content;
    `accept_deletes`: remove what left, however much it is.
    """
    depth = Depth.NAMES if names_only else Depth.EVERYTHING
    selection = Selection(frozenset(doctypes or ()), depth, accepts_deletes=accept_deletes)
    return await work_on(instance, "reconcile", selection)
