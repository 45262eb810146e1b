"""Everything that a Prefect server was told, and shows or keeps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.prefect_server import PrefectServer

PAGE = 200
# Runs with their parameters and states, log lines, artifacts, deployments with their variables.
COLLECTIONS = ("flow_runs", "task_runs", "logs", "artifacts", "deployments", "automations", "flows")


def read_all_told(server: PrefectServer) -> dict[str, str]:
    """Return what its API tells of each collection, and the bytes of each file it keeps, as text.

    The files are its database, where no page of the API leaves anything out, the results of tasks,
    and its log.
    """
    told = {what: json.dumps(list(_read_collection(server, what))) for what in COLLECTIONS}
    runs = {run["id"]: run for run in _read_collection(server, "flow_runs")}
    told["states"] = json.dumps([server.get(f"flow_run_states/?flow_run_id={run}") for run in runs])
    told["events"] = json.dumps(list(_read_events(server)))
    for path in server.home.rglob("*"):
        if path.is_file():
            told[str(path.relative_to(server.home))] = path.read_bytes().decode(errors="replace")
    return told


def _read_collection(server: PrefectServer, what: str) -> Iterator[dict[str, Any]]:
    offset, page = 0, [{}]
    while page:
        page = server.post(f"{what}/filter", {"limit": PAGE, "offset": offset})
        offset += len(page)
        yield from page


def _read_events(server: PrefectServer) -> Iterator[dict[str, Any]]:
    page = server.post("events/filter", {"limit": 50})
    yield from page["events"]
    while page["next_page"]:
        page = server.get(page["next_page"])
        yield from page["events"]
