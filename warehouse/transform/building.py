"""Build one partition, or those of all instances at once: rows, then what is in them, then checks.

Nothing that is live is touched: a build that fails leaves nothing but its record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from pymongo.errors import ConnectionFailure, OperationFailure

from warehouse.documents.business import drop_build
from warehouse.documents.control import Failure
from warehouse.documents.datasets import BuildState, DatasetBuild, Input, write_build
from warehouse.errors import DatasetError, LeaseError, WarehouseError
from warehouse.transform.checking import (
    assert_sound,
    judge,
    judge_settings,
    set_rejected_aside,
    survey_rows,
    tie_out,
)
from warehouse.transform.feeding import Target, make_pipeline
from warehouse.transform.streaming import DUPLICATE_KEY, RowWriter, open_source, twice
from warehouse.transform.versions import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from warehouse.datasets.declaration import Dataset
    from warehouse.datasets.scope import Scope
    from warehouse.documents.datasets import Slot
    from warehouse.transform.links import Links
    from warehouse.transform.planning import Versions

FATAL = (LeaseError, ConnectionFailure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to build: the partitions `slots`, one but for ACROSS, from `inputs`.

    `links`: instance → the link fields that its rows carry.
    """

    dataset: Dataset
    scope: Scope
    slots: tuple[Slot, ...]
    inputs: list[Input]
    links: Mapping[str, Links]
    token: int


# What is told of an instance is of that instance: not what another one's documents broke.
TOGETHER = Failure(
    code="dataset_built_together",
    message="What is built together with it failed.",
    cure="See what is said of the dataset's other partitions.",
)


async def build(
    order: Order, versions: Versions, clock: Callable[[], datetime]
) -> list[DatasetBuild]:
    """Build partitions and return the records, FAILED ones with their failure.

    Raises:
        LeaseError, ConnectionFailure: the transform can't go on.
    """
    records = [
        DatasetBuild(
            id=str(ObjectId()),
            dataset=order.dataset.slug,
            slot=slot,
            token=order.token,
            started_at=clock(),
            inputs=order.inputs,
        )
        for slot in order.slots
    ]
    await DatasetBuild.insert_many(records)
    at: DatasetBuild | None = None
    try:
        await _store_rows(order, records)
        for at in records:
            await _examine(order, at, versions)
    except FATAL:
        raise
    except Exception as error:  # noqa: BLE001 the wall that keeps one partition's fault to itself
        for record in [at] if at else records:
            record.failure = describe(order.dataset, error)
    if any(record.failure for record in records):
        await _fail(order.dataset, records)
    for record in records:
        record.finished_at = clock()
        await write_build(record)
    return records


async def record_failed_plan(
    dataset: Dataset, slots: Iterable[Slot], token: int, error: Exception, now: datetime
) -> list[DatasetBuild]:
    """Store and return the records of partitions whose rule failed before anything was built."""
    records = [
        DatasetBuild(
            id=str(ObjectId()),
            dataset=dataset.slug,
            slot=slot,
            token=token,
            state=BuildState.FAILED,
            started_at=now,
            finished_at=now,
            failure=describe(dataset, error),
        )
        for slot in slots
    ]
    await DatasetBuild.insert_many(records)
    return records


async def _store_rows(order: Order, records: list[DatasetBuild]) -> None:
    if order.dataset.is_streamed:
        builds = {record.slot.instance: record.id for record in records}
        await RowWriter(order.dataset, order.scope, builds, order.links).write()
        return
    versions = {one.name: one.version for one in order.inputs}
    links = order.links.get(order.scope.instance, {})
    target = Target(order.dataset, order.scope, records[0].id, links)
    for feed in order.dataset.build(order.scope):
        if versions.get(feed.of) == NOTHING:
            continue  # a month without a document of it
        source = open_source(order.scope.source(feed.of), order.scope.instance)
        try:
            cursor = await source.aggregate(make_pipeline(target, feed), allowDiskUse=True)
            await cursor.to_list()
        except OperationFailure as error:
            if error.code == DUPLICATE_KEY:
                raise twice(order.dataset) from None
            raise


async def _examine(order: Order, record: DatasetBuild, versions: Versions) -> None:
    """Count and check a build's rows, and write down what they depend on."""
    dataset = order.dataset
    survey = await survey_rows(dataset, record.id)
    assert_sound(dataset, survey.good)
    record.rows = survey.good.get("rows", 0)
    record.rejected = {
        reason: found["rows"] for reason, found in sorted(survey.counts.items()) if reason
    }
    record.cleaned = survey.cleaned
    record.checks = [judge(check, survey.good) for check in dataset.checks]
    record.checks += judge_settings(order.scope)
    record.names = survey.names
    await _digest_inputs(record, order, versions)
    if record.rejected:
        await set_rejected_aside(dataset.slug, record.id)
    failed = [check for check in record.checks if check.blocks and not check.passed]
    if failed:
        raise DatasetError(
            f"{record.slot}: {failed[0].title} ({failed[0].code}): {failed[0].violations} of "
            f"{failed[0].rows} rows break it.",
            cure="The build before stays live. Correct the documents in the ERP, or the rule.",
            dataset=dataset.slug,
            check=f"{failed[0].title} ({failed[0].code})",
        )
    record.tie_outs = [
        await tie_out(dataset, tie, order.scope, record.id) for tie in dataset.tie_outs
    ]


async def _digest_inputs(record: DatasetBuild, order: Order, versions: Versions) -> None:
    """Add to looked-up sources the digest of the documents that rows name."""
    inputs = {one.name: one for one in record.inputs}
    for source in order.dataset.sources:
        if source.by and source.name in inputs:
            names = record.names[source.name]
            found = await versions.digest_named(record.slot.instance, source, names)
            version = inputs[source.name].version
            inputs[source.name] = Input(name=source.name, version=version, digest=found)
    record.inputs = list(inputs.values())


async def doubt_digests(dataset: Dataset, built: list[DatasetBuild], versions: Versions) -> None:
    """Take from builds the digests of sources that changed since they were planned.

    Rows may have been made before the change, and the digest after it. Without one the partition
    counts as out of date, and is built once more.
    """
    for instance in {record.slot.instance for record in built}:
        doubtful = {
            source.name
            for source in dataset.doctypes
            if source.by and await versions.has_changed(instance, source)
        }
        for record in built:
            if doubtful and record.slot.instance == instance:
                record.inputs = [
                    Input(name=one.name, version=one.version) if one.name in doubtful else one
                    for one in record.inputs
                ]
                await write_build(record)


async def _fail(dataset: Dataset, records: list[DatasetBuild]) -> None:
    """Take back all that was built together: what is swapped together fails together."""
    for record in records:
        record.state = BuildState.FAILED
        record.failure = record.failure or TOGETHER.model_copy()
        await drop_build(dataset.slug, record.id)


def describe(dataset: Dataset, error: Exception) -> Failure:
    """Return what a record says of an error; of a foreign one no text that may hold a document."""
    if isinstance(error, WarehouseError):
        check = error.context.get("check", "")
        return Failure(code=error.code, message=error.message, cure=error.cure, check=check)
    code: Any = getattr(error, "code", None)
    said = f"{type(error).__name__}{f' {code}' if code else ''}"
    return Failure(
        code="dataset_rule_failed",
        message=f"The rule of {dataset.slug} failed: {said}.",
        cure="Run its pipeline by hand on one document (docs/add-a-dataset.md) and correct it.",
    )
