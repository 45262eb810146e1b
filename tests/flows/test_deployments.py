"""prefect.yaml, the deployments of `csa flows` and the examples of work pools agree."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator
from prefect import server as prefect_server
from prefect.server.schemas.actions import WorkPoolCreate
from prefect.settings.legacy import _get_valid_setting_names
from prefect.settings.models.root import Settings
from prefect.workers.base import BaseJobConfiguration
from pydantic import ConfigDict

from flows import deployments as served_from
from flows.deployments import deployments, serve_deployments
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "docs/deploy"
KUBERNETES = "1.37"
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
    services = _compose()["services"]
    server = services["prefect"]["environment"]
    assert server["PREFECT_SERVER_API_AUTH_STRING"] == services["worker"]["environment"].get(
        "PREFECT_API_AUTH_STRING"
    )
    assert server["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert services["worker"]["volumes"] == ["results:/results"]
    published = [port for each in services.values() for port in each.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_compose_file_is_valid():
    vendored = resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    Draft202012Validator(json.loads(vendored.read_text(encoding="utf-8"))).validate(_compose())


def test_every_kubernetes_manifest_is_valid():
    for manifest in _manifests():
        assert kubernetes_validate.validate(manifest, KUBERNETES, strict=True) == KUBERNETES
    assert f"valid Kubernetes {KUBERNETES}" in (ROOT / "docs/operations.md").read_text("utf-8")


async def test_the_kubernetes_job_of_a_run_is_valid():
    job = await _job("kubernetes")
    pod = job.job_manifest["spec"]["template"]["spec"]
    # The worker demands these two where Kubernetes knows none, and ignores them.
    assert (pod.pop("parallelism"), pod.pop("completions")) == (1, 1)
    # The worker puts a list in its place.
    assert pod["containers"][0].pop("env")
    assert kubernetes_validate.validate(job.job_manifest, KUBERNETES, strict=True) == KUBERNETES


def test_the_user_of_the_image_owns_the_folders_that_volumes_come_upon():
    """A new volume takes its owner from the image's folder; where there is none, it is root's."""
    compose = _compose()
    image = compose["x-image"]["image"]
    mounted = [
        target
        for service in compose["services"].values()
        if service["image"] == image
        for target in (volume.split(":")[1] for volume in service.get("volumes", []))
    ]
    before, _, after = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").partition("USER ")
    user = after.split()[0]
    for command in ("mkdir", f"chown {user}"):
        [line] = re.findall(rf"^ +&& {command} (.+?)(?: \\)?$", before, re.MULTILINE)
        assert set(mounted) <= set(line.split())


def test_a_build_sends_no_secret_and_nothing_that_git_ignores_to_docker():
    kept_out = _lines(".dockerignore")
    assert {f"**/{name}" for name in (".env", ".data", ".venv")} <= kept_out
    assert {f"**/{name.rstrip('/')}" for name in _lines(".gitignore")} <= kept_out


def _lines(name: str) -> set[str]:
    return set((ROOT / name).read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("kind", ["docker", "kubernetes"])
async def test_a_pool_asks_of_its_worker_what_that_knows(kind: str):
    known = json.loads((WORKERS / "aggregate-worker-metadata.json").read_text(encoding="utf-8"))
    template = known[f"prefect-{kind}"][kind]["default_base_job_configuration"]
    schema = template["variables"] | {"additionalProperties": False}
    asked = (await _job(kind)).model_dump(exclude_none=True, exclude={"job_manifest"})
    Draft202012Validator(schema).validate(asked)


async def test_a_container_of_a_run_has_settings_store_and_results():
    compose = _compose()
    beside = compose["services"]["worker"]["environment"]
    job = await _job("docker")
    assert f"/srv/csa/.env:{job.env['WAREHOUSE_HOME']}/.env:ro" in job.volumes
    assert job.networks == [f"{compose['name']}_default"]
    for name in ("MONGODB_URI", "PREFECT_API_URL", "PREFECT_RESULTS_LOCAL_STORAGE_PATH"):
        assert job.env[name] == beside[name]
    assert [f"{compose['name']}_{each}" for each in compose["services"]["worker"]["volumes"]] == [
        each for each in job.volumes if not each.startswith("/")
    ]


async def test_a_kubernetes_job_of_a_run_has_settings_and_results():
    beside = {each["kind"]: each for each in _manifests()}
    worker = beside["Deployment"]["spec"]["template"]["spec"]
    job = await _job("kubernetes")
    pod = job.job_manifest["spec"]["template"]["spec"]
    [run], [of_worker] = pod["containers"], worker["containers"]
    assert run["envFrom"] == [{"secretRef": {"name": "csa"}}]
    assert run["envFrom"][0] in of_worker["envFrom"]
    for shared in ("volumes", "securityContext"):
        assert pod[shared] == worker[shared]
    assert run["volumeMounts"] == of_worker["volumeMounts"]
    assert (
        pod["volumes"][0]["persistentVolumeClaim"]["claimName"]
        == (beside["PersistentVolumeClaim"]["metadata"]["name"])
    )
    assert job.env["PREFECT_RESULTS_LOCAL_STORAGE_PATH"] == run["volumeMounts"][0]["mountPath"]
    assert pod["serviceAccountName"] in [
        each["metadata"]["name"] for each in _manifests() if each["kind"] == "ServiceAccount"
    ]


class Job(BaseJobConfiguration):
    """What a pool makes for a run, before the worker of its kind adds the run's own."""

    model_config = ConfigDict(extra="allow")


async def _job(kind: str) -> Job:
    template = json.loads((DEPLOY / f"{kind}-pool.json").read_text(encoding="utf-8"))
    pool = WorkPoolCreate(name="csa", type=kind, base_job_template=template)
    written = _written()["daily"]["work_pool"]
    assert written["name"] == pool.name
    job: Job = await Job.from_template_and_values(
        pool.base_job_template, written["job_variables"], client=object()
    )
    return job


def _compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def _manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))
