"""Work on one instance: a survey, then one task for each DocType with work or an error.

A quiet DocType costs no task run (40 to 50 ms of the Prefect server each): it is counted in the
artifact. The survey is never cached, so a retry works on today's state; the tasks are, by what
there was to do, so that it repeats only what failed.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

from prefect import task
from prefect.cache_policies import INPUTS, NO_CACHE, RUN_ID
from prefect.runtime import flow_run
from prefect.states import Failed
from pymongo.errors import ConnectionFailure
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from flows.artifacts import key_of, publish_failure, publish_run
from flows.events import tell_updated
from flows.progress import ProgressRing
from flows.summary import UNWELL, conclude, describe_failure, describe_report
from flows.twice import tell_if_again, tell_if_twice
from warehouse.access.beside import refresh_beside, refresh_first
from warehouse.datastore import open_datastore
from warehouse.documents.control import Outcome
from warehouse.documents.standing import read_standing
from warehouse.errors import LeaseError, LeaseHeld, MongoUnavailable
from warehouse.ingestion.lease import TTL
from warehouse.ingestion.run import Limits, Surroundings, open_run
from warehouse.ingestion.sync import describe_failure as describe_error
from warehouse.mongodb.failures import explain_loss
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from prefect.client.schemas.objects import State

    from warehouse.documents.control import Failure, Run
    from warehouse.ingestion.active_run import ActiveRun
    from warehouse.ingestion.sync import DocTypeSync
    from warehouse.ingestion.task import Selection
    from warehouse.settings import ErpInstance, Settings

TIMEOUT_S = 10 * 3600
# A dead holder's lease expires within TTL, so whoever waits a little longer meets living ones only.
LEASE_WAIT_S = TTL.total_seconds() + 15
LEASE_POLL_S = 5
# How Prefect names the state of a task whose result an earlier attempt has left.
CACHED = "Cached"

# The library's log lines on the run page; httpx's own would show document names in URLs.
logging.getLogger("warehouse").setLevel(logging.INFO)
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(slots=True)
class Bench:
    """What the tasks of one flow run share: clients can't be hashed, so no task takes them.

    `done_before`: DocTypes whose work an earlier attempt of the flow run has done.
    """

    run: ActiveRun
    selection: Selection
    syncs: dict[str, DocTypeSync] = field(default_factory=dict)
    ring: ProgressRing | None = None
    done_before: list[str] = field(default_factory=list)


_bench: ContextVar[Bench] = ContextVar("bench")


async def work_on(instance: str, kind: str, selection: Selection) -> State[Any]:
    """Do what `selection` says on `instance`; return the explicit final state of the flow run."""
    settings = get_settings()
    erp = settings.instance(instance)
    try:
        async with open_datastore(settings):
            bench = await _work(settings, erp, kind, selection)
            await _tell(bench.run.record)
    except (LeaseError, MongoUnavailable) as error:
        return await _give_up(instance, kind, describe_error(error))
    except ConnectionFailure as error:
        return await _give_up(instance, kind, describe_error(explain_loss(instance, error)))
    await publish_run(bench.run.record, bench.done_before)
    return conclude(bench.run.record)


async def _work(settings: Settings, erp: ErpInstance, kind: str, selection: Selection) -> Bench:
    async with _open_in_turn(erp, kind, Limits.of(settings)) as run:
        bench = Bench(run, selection)
        _bench.set(bench)
        await survey(erp.instance)
        busy = sum(not found.is_quiet for found in bench.syncs.values())
        if busy:
            bench.ring = await ProgressRing.draw(key_of(kind, erp.instance), busy)
        await _sync_all(bench)
        if bench.ring:
            await bench.ring.show()
        bench.syncs = {found.doctype: found for found in await run.list_followups()}
        await run.survey_all(list(bench.syncs.values()))
        await _sync_all(bench)
    return bench


@asynccontextmanager
async def _open_in_turn(erp: ErpInstance, kind: str, limits: Limits) -> AsyncIterator[ActiveRun]:
    """Open a run as soon as no other holds the instance's lease.

    Raises:
        LeaseHeld: if a living holder keeps it.
    """
    async with AsyncExitStack() as stack:
        yield await _take_turn(stack, erp, kind, limits)


@retry(
    retry=retry_if_exception_type(LeaseHeld),
    stop=stop_after_delay(LEASE_WAIT_S),
    wait=wait_fixed(LEASE_POLL_S),
    reraise=True,
)
async def _take_turn(
    stack: AsyncExitStack, erp: ErpInstance, kind: str, limits: Limits
) -> ActiveRun:
    return await stack.enter_async_context(open_run(erp, kind, limits, Surroundings()))


async def _sync_all(bench: Bench) -> None:
    slots = asyncio.Semaphore(bench.run.workers)

    async def work(found: DocTypeSync) -> None:
        async with slots:
            if found.is_quiet:
                await bench.run.sync_one(found)
            elif not bench.run.error:
                await _sync(bench, found)

    await asyncio.gather(*(work(found) for found in bench.syncs.values()))


async def _sync(bench: Bench, found: DocTypeSync) -> None:
    """Bring a DocType up to date as a task of its own, unless an earlier attempt has done it."""
    # Prefect types a task with return_state as if it were synchronous.
    done = sync(found.doctype, _describe_work(found), return_state=True)
    state = await cast("Awaitable[State[Any]]", done)
    if state.name == CACHED:
        bench.run.pass_over(found)
        bench.done_before.append(found.doctype)
    if bench.ring:
        await bench.ring.advance()


@task(name="survey", task_run_name="survey", persist_result=False, cache_policy=NO_CACHE)
async def survey(instance: str) -> int:
    """Find out which DocTypes of `instance` have work; return how many."""
    bench, erp = _bench.get(), get_settings().instance(instance)
    await refresh_first(erp)
    syncs = await bench.run.list_syncs(bench.selection)
    await bench.run.survey_all(syncs)
    if not bench.run.error:
        await refresh_beside(erp)
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
        said = describe_failure(report.failure)
        return Failed(message=f"{doctype} {report.outcome.value}: {said}")
    return describe_report(report)


def _describe_work(found: DocTypeSync) -> str:
    """Return a digest of what there is to do, so that a cached result stands for just that."""
    return blake2b(found.describe_work().encode(), digest_size=8).hexdigest()


async def _tell(record: Run) -> None:
    """Tell the automations: datasets may follow, or somebody should look."""
    if record.outcome is Outcome.COMPLETED and _is_outside_daily():
        tell_updated(record.instance)
    tell_if_twice(await read_standing(record.instance))


def _is_outside_daily() -> bool:
    """Say whether no daily run waits for this one: it was started, or retried, by an operator."""
    return flow_run.parent_flow_run_id is None or flow_run.run_count > 1


async def _give_up(instance: str, kind: str, failure: Failure) -> State[Any]:
    await publish_failure(kind, instance, failure)
    await tell_if_again(instance, kind, failure)
    return Failed(message=f"{instance}: {describe_failure(failure)}")
