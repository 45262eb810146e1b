"""What an operator does in the Prefect UI, over the server's REST API."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from pathlib import Path

    from demo.prefect_server import PrefectServer

RUN_S = 120.0
EVENTS_S = 4.0


@dataclass
class Operator:
    server: PrefectServer
    log: Path

    def start(self, deployment: str, **parameters: Any) -> str:
        """Start a run of a deployment, as Quick run does, and return its id."""
        deployment_id = self.server.find_deployment(deployment, RUN_S)
        made = self._post(
            f"deployments/{deployment_id}/create_flow_run", {"parameters": parameters}
        )
        return str(made["id"])

    def run(self, deployment: str, **parameters: Any) -> tuple[str, dict[str, Any]]:
        """Start a run, wait for its end, and return its id and final state."""
        run_id = self.start(deployment, **parameters)
        return run_id, self.server.wait_for_run(run_id, RUN_S)

    def retry(self, run_id: str) -> dict[str, Any]:
        """Press Retry on a run page, wait for its end, and return the final state."""
        said = self._post(
            f"flow_runs/{run_id}/set_state",
            {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}, "force": False},
        )
        assert said["status"] == "ACCEPT", said
        return self.server.wait_for_run(run_id, RUN_S)

    def children(self, run_id: str) -> dict[str, dict[str, Any]]:
        """Return instance → flow run of the children of a daily run."""
        runs = self._post(
            "flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [run_id]}}}
        )
        return {run["parameters"]["instance"]: run for run in runs}

    def tasks(self, run_id: str, times: int = 1) -> dict[str, str]:
        """Return task run name → state name of what a run did the `times`-th time.

        The server learns of task runs by events, some seconds after they happened: they are all
        there when nothing more arrives.
        """
        give_up_at = time.monotonic() + RUN_S
        before, now = None, self._read_tasks(run_id, times)
        while (before != now or "survey" not in now) and time.monotonic() < give_up_at:
            time.sleep(EVENTS_S)
            before, now = now, self._read_tasks(run_id, times)
        return now

    def _read_tasks(self, run_id: str, times: int) -> dict[str, str]:
        runs = self._post(
            "task_runs/filter", {"flow_runs": {"id": {"any_": [run_id]}}, "limit": 200}
        )
        return {
            run["name"]: run["state_name"] for run in runs if run["flow_run_run_count"] == times
        }

    def artifacts(self, run_id: str) -> dict[str, str]:
        """Return key → data, as text, of the artifacts on a run page."""
        found = self._post("artifacts/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
        return {artifact["key"]: str(artifact["data"]) for artifact in found}

    def log_lines(self, run_id: str) -> list[str]:
        """Return the log lines on a run page."""
        lines = self._post("logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}})
        return [line["message"] for line in lines]

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = httpx.post(f"{self.server.url}/api/{path}", json=body, timeout=60, trust_env=False)
        assert answer.is_success, answer.text
        return answer.json()
