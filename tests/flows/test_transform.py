"""The transform on a real Prefect server: a task for each dataset, and a table of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pymongo.errors import AutoReconnect

from flows.transform import transform
from tests.flows.in_process import LEFT_OPEN, Attempts
from warehouse.datasets.registry import load_registry
from warehouse.documents.control import Failure
from warehouse.documents.datasets import BuildState, DatasetBuild, DatasetPointer, Slot
from warehouse.transform.run import DatasetReport, Transform

if TYPE_CHECKING:
    import pytest

    from tests.flows.operator import Operator
    from warehouse.datasets.declaration import Dataset


def test_every_dataset_is_a_task_and_a_line_of_the_artifact(
    operator: Operator, first_day: tuple[str, dict[str, Any]]
):
    run = operator.children(first_day[0], "transform")["transform"]
    assert run["state"]["type"] == "COMPLETED", run["state"]
    slugs = set(load_registry().datasets)
    tasks = operator.tasks(run["id"], among="sales_lines")
    assert tasks.keys() == slugs
    assert set(tasks.values()) == {"Completed"}
    table = operator.artifacts(run["id"])["transform-datasets"]
    lines = {line["dataset"]: line for line in json.loads(table)}
    assert lines.keys() == slugs
    assert lines["parties"]["rows"] > 0
    assert lines["parties"]["checks"] == "passed"


def test_a_transform_with_nothing_to_do_builds_nothing(
    operator: Operator, first_day: tuple[str, dict[str, Any]]
):
    assert first_day[1]["type"] == "COMPLETED", first_day[1]
    operator.run("transform/transform", datasets=["sales_lines"])
    run_id, state = operator.run("transform/transform", datasets=["sales_lines"])
    assert state["type"] == "COMPLETED", state
    assert "0 partitions built" in state["message"]
    assert operator.tasks(run_id, among="sales_lines").keys() == {"sales_lines"}


@LEFT_OPEN
async def test_a_mongodb_that_is_lost_stops_a_transform_and_its_runbook_is_on_the_page(
    in_process: Operator, monkeypatch: pytest.MonkeyPatch
):
    async def lose(_: Transform, dataset: Dataset) -> DatasetReport:
        raise AutoReconnect(f"db.example.com hung up on {dataset.slug}")

    monkeypatch.setattr(Transform, "run", lose)
    attempts = Attempts(transform, {})
    state = await attempts.run()
    assert state.is_failed(), state
    assert "MongoDB was lost while datasets were built (AutoReconnect)." in str(state.message)
    assert "Check that mongod runs" in str(state.message)
    assert "Runbook: mongod-down." in str(state.message)
    artifacts = in_process.artifacts(str(attempts.run_id))
    assert "[mongod-down](/artifacts" in artifacts["transform-datasets-summary"]
    first = next(iter(load_registry().choose(()))).slug
    tasks = in_process.tasks(str(attempts.run_id), among=first)
    assert tasks == {first: "Failed"}, "the others are not tried"


@LEFT_OPEN
async def test_a_dataset_that_fails_has_its_runbook_on_the_page(
    in_process: Operator, monkeypatch: pytest.MonkeyPatch
):
    failure = Failure(code="dataset_error", message="A total does not agree.", cure="Mend it.")

    async def fail(_: Transform, dataset: Dataset) -> DatasetReport:
        slot, failed = Slot(instance="site"), BuildState.FAILED
        build = DatasetBuild.model_construct(slot=slot, state=failed, failure=failure)
        pointer = DatasetPointer.model_construct(id=dataset.slug, live=[])
        return DatasetReport(dataset, pointer, [build], current=0, seconds=0.1)

    monkeypatch.setattr(Transform, "run", fail)
    attempts = Attempts(transform, {"datasets": ["parties"]})
    state = await attempts.run()
    assert state.is_failed(), state
    assert "A total does not agree. Mend it. Runbook: dataset-failed." in str(state.message)
    assert "runbook-dataset-failed" in in_process.artifacts(str(attempts.run_id))
