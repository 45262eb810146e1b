"""Work pools as in production: a server on PostgreSQL, deployments from prefect.yaml, workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from demo.prefect_server import prefect_server
from demo.processes import running
from tests.flows.operator import Operator
from tests.flows.postgres import postgres
from tests.processes import descendants

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from demo.prefect_server import PrefectServer

CHECKOUT = Path(__file__).resolve().parents[2]
# The shortest that Prefect takes.
HEARTBEAT_S = 30


@dataclass(frozen=True)
class WorkPool:
    """A pool whose workers have a home of their own each, and one storage of results."""

    server: PrefectServer
    folder: Path
    variables: Mapping[str, str]
    parts: ExitStack
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def operator(self) -> Operator:
        return Operator(self.server)

    def prefect(self, *arguments: str) -> None:
        """Run a command of Prefect's in the checkout."""
        subprocess.run(  # noqa: S603 our own arguments
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            cwd=CHECKOUT,
            env=os.environ | self.server.variables,
            check=True,
            capture_output=True,
        )

    def add_worker(self, places: int | None = None) -> None:
        """Start one more worker, as a machine of its own would have it.

        `places`: so that a test can tell where runs go; docs/operations.md advises against it.
        """
        name = f"worker-{len(self.workers) + 1}"
        own = {
            "PREFECT_HOME": str(self.folder / name),
            "PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(self.folder / "results"),
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_S),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "WAREHOUSE_HOME": str(self.folder),
        }
        started = ("prefect", "worker", "start", "--pool", "csa", "--name", name)
        started += ("--limit", str(places)) if places else ()
        variables = {**self.server.variables, **self.variables, **own}
        process = running(started, variables, self.folder / f"{name}.log")
        self.workers.append(self.parts.enter_context(process))

    def worker_of(self, run_id: str) -> subprocess.Popen[bytes]:
        """Return the worker below which the process of a run is."""
        pid = int(self.operator.flow_run(run_id)["infrastructure_pid"].rpartition(":")[2])
        return next(worker for worker in self.workers if pid in descendants(worker.pid))


@contextmanager
def work_pool(
    folder: Path, variables: Mapping[str, str], database_url: str | None = None
) -> Iterator[WorkPool]:
    """Set up a server, the pool `csa` and the deployments; its workers are to be added."""
    with ExitStack() as parts:
        database = database_url or parts.enter_context(postgres())
        settings = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": database}
        server = parts.enter_context(prefect_server(folder, settings))
        server.wait_until_up()
        pool = WorkPool(server, folder, variables, parts)
        pool.prefect("work-pool", "create", "csa", "--type", "process")
        pool.prefect("deploy", "--all")
        yield pool


def kill_machine(worker: subprocess.Popen[bytes]) -> None:
    """End a worker and all that it started at once, as a power cut does."""
    for pid in (worker.pid, *descendants(worker.pid)):
        os.kill(pid, signal.SIGKILL)
    worker.wait()
