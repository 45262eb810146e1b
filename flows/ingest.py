"""Ingest one instance: a survey, then one task for each DocType with work or an error.

A quiet DocType costs no task run (40 to 50 ms of the Prefect server each): it is counted in the
artifact. The survey is never cached, so a retry works on today's state; the tasks are, by what
there was to do, so that it repeats only what failed.
"""

from __future__ import annotations

import asyncio
import logging
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

from prefect import flow, task
from prefect.cache_policies import INPUTS, NO_CACHE, RUN_ID
from prefect.states import Failed

from flows.summary import UNWELL, conclude, describe_report, publish
from warehouse.access.refresh import refresh_beside
from warehouse.datastore import open_datastore
from warehouse.errors import LeaseError, MongoUnavailable
from warehouse.ingestion.run import Limits, Surroundings, open_run
from warehouse.ingestion.task import Depth, Selection
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from prefect.client.schemas.objects import State

    from warehouse.documents.control import Run
    from warehouse.ingestion.active_run import ActiveRun
    from warehouse.ingestion.sync import DocTypeSync
    from warehouse.settings import ErpInstance, Settings

TIMEOUT_S = 10 * 3600

# The library's log lines on the run page; httpx's own would show document names in URLs.
logging.getLogger("warehouse").setLevel(logging.INFO)
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(slots=True)
class Bench:
    """What the tasks of one flow run share: clients can't be hashed, so no task takes them."""

    run: ActiveRun
    selection: Selection
    syncs: dict[str, DocTypeSync] = field(default_factory=dict)


_bench: ContextVar[Bench] = ContextVar("bench")


@flow(
    name="ingest",
    flow_run_name="ingest {instance}",
    timeout_seconds=TIMEOUT_S,
    persist_result=False,
)
async def ingest(
    instance: str, doctypes: list[str] | None = None, *, full: bool = False
) -> State[Any]:
    """Bring the store of `instance` up to date.

    `doctypes`: only these; `full`: every document of them, changed or not.
    """
    settings = get_settings()
    erp = settings.instance(instance)
    try:
        depth = Depth.EVERYTHING if full else Depth.CHANGES
        record = await _ingest(settings, erp, Selection(frozenset(doctypes or ()), depth))
    except (LeaseError, MongoUnavailable) as error:
        return Failed(message=str(error))
    await publish(record)
    return conclude(record)


async def _ingest(settings: Settings, erp: ErpInstance, selection: Selection) -> Run:
    async with (
        open_datastore(settings),
        open_run(erp, "ingest", Limits.of(settings), Surroundings()) as run,
    ):
        bench = Bench(run, selection)
        _bench.set(bench)
        await survey(erp.instance)
        await _sync_all(bench)
        bench.syncs = {found.doctype: found for found in await run.list_followups()}
        await run.survey_all(list(bench.syncs.values()))
        await _sync_all(bench)
    return run.record


async def _sync_all(bench: Bench) -> None:
    slots = asyncio.Semaphore(bench.run.workers)

    async def work(doctype: str, found: DocTypeSync) -> None:
        async with slots:
            if found.is_quiet:
                await bench.run.sync_one(found)
            elif not bench.run.error:
                # Prefect types a task with return_state as if it were synchronous.
                await cast(
                    "Awaitable[State[Any]]",
                    sync(doctype, _describe_work(found), return_state=True),
                )

    await asyncio.gather(*(work(doctype, found) for doctype, found in bench.syncs.items()))


@task(name="survey", task_run_name="survey", persist_result=False, cache_policy=NO_CACHE)
async def survey(instance: str) -> int:
    """Find out which DocTypes of `instance` have work; return how many."""
    bench = _bench.get()
    await refresh_beside(get_settings().instance(instance))
    syncs = await bench.run.list_syncs(bench.selection)
    await bench.run.survey_all(syncs)
    bench.syncs = {found.doctype: found for found in syncs}
    busy = sum(not found.is_quiet for found in syncs)
    logging.getLogger("warehouse").info(
        "%s: %d of %d DocTypes have work", instance, busy, len(syncs)
    )
    return busy


@task(name="sync", task_run_name="{doctype}", persist_result=True, cache_policy=INPUTS + RUN_ID)
async def sync(doctype: str, work: str) -> Any:  # noqa: ARG001 work is part of the cache's key
    """Bring one DocType up to date; the result says in words what was done."""
    bench = _bench.get()
    report = await bench.run.sync_one(bench.syncs[doctype])
    if report is None:
        return Failed(message=f"{doctype} was not reached: {bench.run.error}")
    if report.outcome in UNWELL and report.failure:
        said = f"{report.failure.message} {report.failure.cure}"
        return Failed(message=f"{doctype} {report.outcome.value}: {said}")
    return describe_report(report)


def _describe_work(found: DocTypeSync) -> str:
    """Return a digest of what there is to do, so that a cached result stands for just that."""
    return blake2b(found.describe_work().encode(), digest_size=8).hexdigest()
