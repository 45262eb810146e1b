"""What an operator does in the Prefect UI, over the server's REST API."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from demo.prefect_server import PrefectServer

RUN_S = 400.0
POLL_S = 0.5
EVENTS_S = 2.0
UNENDED = frozenset({"SCHEDULED", "PENDING", "RUNNING"})


@dataclass
class Operator:
    server: PrefectServer

    def start(self, deployment: str, **parameters: Any) -> str:
        """Start a run of a deployment, as Quick run does, and return its id."""
        return self._create(deployment, {"parameters": parameters})

    def schedule(self, deployment: str, in_s: float, **parameters: Any) -> str:
        """Let a run start in some seconds, as its schedule does, and return its id."""
        due = datetime.now(UTC) + timedelta(seconds=in_s)
        details = {"scheduled_time": due.isoformat()}
        state = {"type": "SCHEDULED", "name": "Scheduled", "state_details": details}
        return self._create(deployment, {"parameters": parameters, "state": state})

    def repeat(self, deployment: str, every_s: float, **parameters: Any) -> None:
        """Give a deployment one more schedule."""
        deployment_id = self.server.find_deployment(deployment, RUN_S)
        schedule = {"schedule": {"interval": every_s}, "parameters": parameters}
        self.server.post(f"deployments/{deployment_id}/schedules", [schedule])

    def run(self, deployment: str, **parameters: Any) -> tuple[str, dict[str, Any]]:
        """Start a run, wait for its end, and return its id and final state."""
        run_id = self.start(deployment, **parameters)
        return run_id, self.wait(run_id)

    def wait(self, run_id: str) -> dict[str, Any]:
        """Wait for the end of a run and return its final state."""
        return self.server.wait_for_run(run_id, RUN_S)

    def retry(self, run_id: str) -> dict[str, Any]:
        """Press Retry on a run page, wait for its end, and return the final state."""
        self.press_retry(run_id)
        return self.wait(run_id)

    def press_retry(self, run_id: str) -> None:
        """Press Retry on a run page."""
        said = self.server.post(
            f"flow_runs/{run_id}/set_state",
            {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}, "force": False},
        )
        assert said["status"] == "ACCEPT", said

    def wait_until_begun(self, run_id: str) -> None:
        """Wait until the process of a run is at work, or was."""
        give_up_at = time.monotonic() + RUN_S
        while self.flow_run(run_id)["state"]["type"] in {"SCHEDULED", "PENDING"}:
            assert time.monotonic() < give_up_at, self.flow_run(run_id)
            time.sleep(POLL_S)

    def wait_until_at_work(self, run_id: str, instance: str) -> None:
        """Wait until a daily run's child is at work on an instance."""
        give_up_at = time.monotonic() + RUN_S
        while instance not in (children := self.children(run_id)):
            run = self.flow_run(run_id)
            assert run["state"]["type"] in UNENDED, run["state"]
            assert time.monotonic() < give_up_at, run
            time.sleep(POLL_S)
        self.wait_until_begun(children[instance]["id"])

    def flow_run(self, run_id: str) -> dict[str, Any]:
        """Return a run as it is now."""
        return self.server.get_run(run_id)

    def runs_of(self, flow: str) -> list[dict[str, Any]]:
        """Return the runs of a flow that have started, the latest first."""
        found: list[dict[str, Any]] = self.server.post(
            "flow_runs/filter",
            {"flows": {"name": {"any_": [flow]}}, "sort": "START_TIME_DESC"},
        )
        return [run for run in found if run["start_time"]]

    def children(self, run_id: str, flow: str = "ingest") -> dict[str, dict[str, Any]]:
        """Return name → flow run of the children of a daily run, by instance for `ingest`."""
        runs = self.server.post(
            "flow_runs/filter",
            {
                "flow_runs": {"parent_flow_run_id": {"any_": [run_id]}},
                "flows": {"name": {"any_": [flow]}},
            },
        )
        return {run["parameters"].get("instance", flow): run for run in runs}

    def tasks(self, run_id: str, times: int = 1, among: str = "survey") -> dict[str, str]:
        """Return task run name → state name of what a run did the `times`-th time.

        The server learns of task runs by events, some seconds after they happened: they are all
        there when `among` is and nothing more arrives.
        """
        give_up_at = time.monotonic() + RUN_S
        before, now = None, self._read_tasks(run_id, times)
        while (before != now or among not in now) and time.monotonic() < give_up_at:
            time.sleep(EVENTS_S)
            before, now = now, self._read_tasks(run_id, times)
        return now

    def _read_tasks(self, run_id: str, times: int) -> dict[str, str]:
        runs = self.server.post(
            "task_runs/filter", {"flow_runs": {"id": {"any_": [run_id]}}, "limit": 200}
        )
        return {
            run["name"]: run["state_name"] for run in runs if run["flow_run_run_count"] == times
        }

    def artifacts(self, run_id: str) -> dict[str, str]:
        """Return key → data, as text, of the artifacts on a run page."""
        found = self.server.post("artifacts/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
        return {artifact["key"]: str(artifact["data"]) for artifact in found}

    def log_lines(self, run_id: str) -> list[str]:
        """Return the log lines on a run page."""
        lines = self.server.post("logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}})
        return [line["message"] for line in lines]

    def _create(self, deployment: str, body: dict[str, Any]) -> str:
        deployment_id = self.server.find_deployment(deployment, RUN_S)
        return str(self.server.post(f"deployments/{deployment_id}/create_flow_run", body)["id"])
