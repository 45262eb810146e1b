"""The transform on a real Prefect server: a task for each dataset, and a table of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from warehouse.datasets.registry import load_registry

if TYPE_CHECKING:
    from tests.flows.operator import Operator


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
