"""A Prefect server for the demo, on loopback, and the few calls that the demo makes to it.

Over REST: importing Prefect would cost the demo two seconds.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import httpx
from tenacity import (
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_fixed,
)

from demo.processes import HOST, free_port, running, wait_until_up
from warehouse.erpnext.certificates import trusted_certificates

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tenacity.retry import retry_base

START_S = 300.0
POLL_S = 0.5
# On a small machine, a server that is busy with runs may keep one request waiting for minutes: its
# SQLite has one writer at a time.
READ_S = 15.0
BUSY_S = 240.0
FINAL = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
AT_WORK = ["PENDING", "RUNNING", "CANCELLING"]
ENDED = "The demo that it belonged to has ended."


@dataclass(frozen=True, slots=True)
class PrefectServer:
    """A server that is starting or up; `variables` point a client at it."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> Path:
        """Its log."""
        return self.home / "server.log"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of its clients."""
        return client_variables(self.url, self.home)

    def wait_until_up(self) -> None:
        """Wait until it answers."""
        wait_until_up(f"{self.url}/api/health", self.process, self.log, START_S)

    def find_deployment(self, name: str, limit_s: float) -> str:
        """Return the id of the deployment `flow/deployment`, waiting until it is there."""
        give_up_at = time.monotonic() + limit_s
        while time.monotonic() < give_up_at:
            answer = self._call("GET", f"deployments/name/{name}")
            if answer.is_success:
                return str(answer.json()["id"])
            time.sleep(POLL_S)
        raise RuntimeError(f"The deployment {name} was not served within {limit_s:.0f} s.")

    def end_earlier_runs(self, limit_s: float) -> int:
        """End what earlier demos have left at work or late; return how many runs that were.

        A run whose process died with its demo keeps the place of its deployment, and one that was
        due meanwhile would take it: the next run of that deployment would be cancelled.
        """
        due = {"next_scheduled_start_time": {"before_": datetime.now(UTC).isoformat()}}
        at_work = self._end_runs(AT_WORK, {}, limit_s)
        return at_work + self._end_runs(["SCHEDULED"], due, limit_s)

    def start_run(self, deployment_id: str) -> str:
        """Start a run of a deployment; return its id."""
        answer = self.post(f"deployments/{deployment_id}/create_flow_run", {})
        return str(answer["id"])

    def wait_for_run(self, run_id: str, limit_s: float) -> dict[str, Any]:
        """Wait for the end of a run; return its state."""
        give_up_at = time.monotonic() + limit_s
        while time.monotonic() < give_up_at:
            state: dict[str, Any] = self.get_run(run_id)["state"]
            if state["type"] in FINAL:
                return state
            time.sleep(POLL_S)
        raise RuntimeError(f"The run {self.run_url(run_id)} did not end within {limit_s:.0f} s.")

    def run_url(self, run_id: str) -> str:
        """Return the run's page."""
        return f"{self.url}/runs/flow-run/{run_id}"

    def get(self, path: str) -> Any:
        """Get from the API, by a path or a URL that it gave; return the answer."""
        return self._call("GET", path).raise_for_status().json()

    def post(self, path: str, body: dict[str, Any] | list[Any]) -> Any:
        """Post to the API; return the answer."""
        return self._call("POST", path, json=body).raise_for_status().json()

    def get_run(self, run_id: str) -> dict[str, Any]:
        """Return a run as it is now."""
        found: dict[str, Any] = self.get(f"flow_runs/{run_id}")
        return found

    def _end_runs(self, types: list[str], more: dict[str, Any], limit_s: float) -> int:
        """End the runs of deployments in states of these types, some at a time."""
        which = {"deployment_id": {"is_null_": False}, "state": {"type": {"any_": types}}, **more}
        state = {"type": "CANCELLED", "name": "Cancelled", "message": ENDED}
        change = {"flow_runs": which, "state": state, "force": True}
        ended, give_up_at = 0, time.monotonic() + limit_s
        while results := self.post("flow_runs/bulk_set_state", change)["results"]:
            accepted = sum(result["status"] == "ACCEPT" for result in results)
            ended += accepted
            if not accepted and time.monotonic() > give_up_at:
                raise RuntimeError(f"Earlier runs could not be ended: {results[0]['details']}")
        return ended

    def _call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask, and ask again while the server is busy.

        What may have changed something is sent again only if the server refused it.
        """
        is_read = method == "GET" or path.endswith("/filter")
        ask = _PATIENT_READ if is_read else _PATIENT_CHANGE
        return ask(
            httpx.request,
            method,
            urljoin(f"{self.url}/api/", path),
            timeout=READ_S if is_read else BUSY_S,
            trust_env=False,
            verify=trusted_certificates(),
            **options,
        )


def _patience(is_busy: retry_base) -> Retrying:
    """Return the loop around a call, which ends with its last answer or error."""
    return Retrying(
        retry=is_busy,
        stop=stop_after_delay(BUSY_S),
        wait=wait_fixed(POLL_S),
        retry_error_callback=lambda last: last.outcome.result() if last.outcome else None,
    )


_IS_REFUSED = retry_if_result(lambda answer: answer.status_code == httpx.codes.SERVICE_UNAVAILABLE)
_PATIENT_CHANGE = _patience(_IS_REFUSED)
_PATIENT_READ = _patience(_IS_REFUSED | retry_if_exception_type(httpx.TimeoutException))


def client_variables(url: str, home: Path) -> dict[str, str]:
    """Return the variables that point a Prefect client, or the server's own UI, at `url`."""
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_UI_API_URL": f"{url}/api",
        "PREFECT_UI_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # The second UI asks an analytics host from the browser.
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        # In memory, a restart of the server would lose who holds a deployment's place, and the
        # place with it.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
            "prefect.server.concurrency.lease_storage.filesystem"
        ),
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    }


@contextmanager
def prefect_server(
    data_dir: Path, variables: Mapping[str, str] | None = None, port: int | None = None
) -> Iterator[PrefectServer]:
    """Run a Prefect server whose data are below `data_dir`; yield it while it is starting.

    uvicorn runs the server's app itself: `prefect server start` would load Prefect once more.
    """
    home = data_dir.resolve() / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    url = f"http://{HOST}:{port}"
    settings = client_variables(url, home) | dict(variables or {})
    app = ("uvicorn", "--factory", "prefect.server.api.server:create_app", "--log-level", "warning")
    where = ("--host", HOST, "--port", str(port))
    with running((*app, *where), settings, home / "server.log") as process:
        yield PrefectServer(url, home, process)
