"""Build the datasets that follow from the documents of the instances, one task for each.

A task is never cached: what is out of date is told by the versions of its inputs, so a retry, and a
transform with nothing to do, cost next to nothing.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed, Failed
from pymongo.errors import ConnectionFailure

from flows.artifacts import publish_failure
from flows.datasets_artifact import describe, publish
from flows.summary import describe_failure
from warehouse.datasets.registry import load_registry
from warehouse.errors import LeaseError, MongoUnavailable
from warehouse.ingestion.sync import describe_failure as describe_error
from warehouse.mongodb.failures import explain_loss_of_transform
from warehouse.settings import get_settings
from warehouse.transform.opening import open_configured_transform

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from prefect.client.schemas.objects import State

    from warehouse.documents.control import Failure
    from warehouse.transform.run import DatasetReport, Transform

TIMEOUT_S = 4 * 3600


class Bench:
    """What the tasks of one flow run share: a database client can't be hashed, so none takes it.

    `error`: what keeps every dataset from being built.
    """

    def __init__(self, transform: Transform) -> None:
        self.transform = transform
        self.reports: list[DatasetReport] = []
        self.error: LeaseError | ConnectionFailure | None = None


_bench: ContextVar[Bench] = ContextVar("transform_bench")


@flow(name="transform", flow_run_name="transform", timeout_seconds=TIMEOUT_S, persist_result=False)
async def transform(
    instances: list[str] | None = None, datasets: list[str] | None = None, *, full: bool = False
) -> State[Any]:
    """Build what has changed of `datasets`, of all when not given, in the order they depend on.

    `instances`: only these instances' own partitions; the others keep what they have. `full`: every
    partition, changed or not.
    """
    settings = get_settings()
    chosen = load_registry().choose(datasets or ())
    states: dict[str, State[Any]] = {}
    try:
        async with open_configured_transform(settings, full=full, only=instances or ()) as opened:
            bench = Bench(opened)
            _bench.set(bench)
            for dataset in chosen:
                # Prefect types a task with return_state as if it were synchronous.
                waiting = cast("Awaitable[State[Any]]", build(dataset.slug, return_state=True))
                states[dataset.slug] = await waiting
                if bench.error:
                    raise bench.error
    except (LeaseError, MongoUnavailable) as error:
        return await _give_up(describe_error(error))
    except ConnectionFailure as error:
        return await _give_up(describe_error(explain_loss_of_transform(error)))
    await publish(bench.reports)
    return _conclude(states, bench.reports)


@task(name="build", task_run_name="{slug}", persist_result=False, cache_policy=NO_CACHE)
async def build(slug: str) -> Any:
    """Bring one dataset up to date; fail if a partition of it did."""
    bench = _bench.get()
    dataset = bench.transform.terms.registry.get(slug)
    try:
        report = await bench.transform.run(dataset)
    except (LeaseError, ConnectionFailure) as error:
        bench.error = error
        return Failed(message=f"{slug} was not reached ({type(error).__name__}).")
    bench.reports.append(report)
    logging.getLogger("warehouse").info("%s: %s", slug, describe(report))
    if report.failed:
        failed = report.failed[0]
        why = f" {describe_failure(failed.failure)}" if failed.failure else ""
        return Failed(message=f"{slug}: {len(report.failed)} partitions failed.{why}")
    return Completed(message=describe(report))


def _conclude(states: dict[str, State[Any]], reports: list[DatasetReport]) -> State[Any]:
    failed = {slug: state for slug, state in states.items() if not state.is_completed()}
    if failed:
        said = " ".join(f"{state.message}" for state in failed.values())
        return Failed(
            message=f"{len(failed)} of {len(states)} datasets failed and keep their earlier builds "
            f"({', '.join(failed)}). {said}"
        )
    built = sum(len(report.built) for report in reports)
    current = sum(report.current for report in reports)
    rows = sum(report.rows for report in reports)
    return Completed(
        message=f"{len(states)} datasets: {built:,} partitions built, {current:,} up to date, "
        f"{rows:,} rows live."
    )


async def _give_up(failure: Failure) -> State[Any]:
    await publish_failure("transform", "datasets", failure)
    return Failed(message=describe_failure(failure))
