"""Runs of the ingestion, for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.documents.control import Run
from warehouse.errors import NotReadable

if TYPE_CHECKING:
    from collections.abc import Sequence


async def read_runs(instances: Sequence[str], limit: int) -> list[Run]:
    """Return the latest runs on `instances`, the last started first."""
    query = {"instance": {"$in": list(instances)}}
    return await Run.find(query).sort("-started_at", "-_id").limit(limit).to_list()


async def read_run(instances: Sequence[str], run_id: str) -> Run:
    """Return one run.

    Raises:
        NotReadable: if there is none such on `instances`.
    """
    run = await Run.find_one({"_id": run_id, "instance": {"$in": list(instances)}})
    if run is None:
        raise NotReadable
    return run
