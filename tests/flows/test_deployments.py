"""prefect.yaml, the deployments of `csa flows` and the examples of work pools agree."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from prefect import server as prefect_server
from prefect.settings.legacy import _get_valid_setting_names
from prefect.settings.models.root import Settings

from flows import deployments as served_from
from flows.deployments import deployments, serve_deployments
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

ROOT = Path(__file__).resolve().parents[2]
# Of the example itself, for whoever starts it.
OWN = {"PREFECT_AUTH"}
WORKERS = Path(prefect_server.__file__).parent / "api/collections_data/views"


def _written() -> dict[str, dict[str, Any]]:
    read = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    return {each["name"]: each for each in read["deployments"]}


async def _served() -> dict[str, RunnerDeployment]:
    return {each.name: each for each in await deployments()}


async def test_the_same_deployments_are_served_and_written():
    served, written = await _served(), _written()
    assert served.keys() == written.keys()
    for name, each in served.items():
        assert each.entrypoint == written[name]["entrypoint"]
        assert each.description == written[name]["description"]


async def test_long_runs_on_every_instance_keep_no_other_deployment_waiting(
    monkeypatch: pytest.MonkeyPatch,
):
    parts = {"URL": "https://erp.example.com", "API_KEY": "key", "API_SECRET": "secret"}
    instances = [f"site{number}" for number in range(12)]
    variables = {
        f"ERP__{instance.upper()}__{name}": value
        for instance in instances
        for name, value in parts.items()
    }
    given: dict[str, Any] = {}

    async def serve(*_: RunnerDeployment, **options: Any) -> None:
        given.update(options)

    async def need_no_server() -> None:
        """Nothing is asked of it here."""

    monkeypatch.setattr(served_from, "get_settings", lambda: load_settings(variables, None))
    monkeypatch.setattr(served_from, "wait_for_server", need_no_server)
    monkeypatch.setattr(served_from, "aserve", serve)
    await serve_deployments()
    others = {"daily", "transform", "access-refresh", "watch"}
    assert given["limit"] >= len(instances) + len(others)


async def test_schedules_and_limits_are_the_same():
    written = _written()
    for name, each in (await _served()).items():
        schedules = [
            {"cron": one.schedule.cron, "timezone": one.schedule.timezone}
            for one in each.schedules or []
        ]
        assert schedules == written[name].get("schedules", [])
        limit = written[name].get("concurrency_limit", {})
        assert each.concurrency_limit == limit.get("limit")
        strategy = each.concurrency_options and each.concurrency_options.collision_strategy.value
        assert strategy == limit.get("collision_strategy")


async def test_triggers_are_the_same():
    written = _written()
    for name, each in (await _served()).items():
        triggers = [
            {
                "type": "event",
                "name": trigger.name,
                "expect": sorted(trigger.expect),
                "parameters": trigger.parameters,
            }
            for trigger in each.triggers
        ]
        assert triggers == written[name].get("triggers", [])


@pytest.mark.parametrize(
    "page", ["operations.md", "deploy/compose.yaml", "deploy/kubernetes.yaml", "deploy/Dockerfile"]
)
def test_the_settings_of_prefect_in_the_documents_exist(page: str):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    known = _get_valid_setting_names(Settings)
    assert set(re.findall(r"\bPREFECT_[A-Z_0-9]+", text)) - known <= OWN


@pytest.mark.parametrize("page", ["operations.md", "deploy/kubernetes.yaml", "deploy/Dockerfile"])
def test_no_worker_of_the_documents_has_a_limit_which_a_hasty_retry_would_end(page: str):
    lines = (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines()
    started = [line for line in lines if re.search(r"worker\W+start\b", line)]
    assert started
    assert not [line for line in started if "--limit" in line]


def test_the_services_of_compose_share_what_they_must():
    text = (ROOT / "docs/deploy/compose.yaml").read_text(encoding="utf-8")
    services = yaml.safe_load(text)["services"]
    server = services["prefect"]["environment"]
    assert server["PREFECT_SERVER_API_AUTH_STRING"] == services["worker"]["environment"].get(
        "PREFECT_API_AUTH_STRING"
    )
    assert server["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert services["worker"]["volumes"] == ["results:/results"]
    published = [port for each in services.values() for port in each.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("kind", ["docker", "kubernetes"])
def test_the_job_variables_of_a_pool_are_those_that_prefect_knows(kind: str):
    known = json.loads((WORKERS / "aggregate-worker-metadata.json").read_text(encoding="utf-8"))
    template = known[f"prefect-{kind}"][kind]["default_base_job_configuration"]
    schema = template["variables"] | {"additionalProperties": False}
    given = json.loads((ROOT / f"docs/deploy/{kind}-pool.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(given)
