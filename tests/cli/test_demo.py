"""`csa demo --once`, the first command of the README, with all that it starts: a minute of work."""

from __future__ import annotations

import re
import resource
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.commanding import Csa, finish
from tests.processes import descendants
from tests.warehouse.mongodb.conftest import is_running

LIMIT_S = 600.0
# Of its processes; mongod, which ends by itself and is not counted, takes some 20 more. On 2 cores
# with nothing else to do it then takes less than 150 s, and a busy machine changes this little.
CPU_S = 130.0
PARTS = {"prefect.server.api.server", "demo.site"}
INSTANCES = ("kisanmitra", "sahaja")


@pytest.mark.soak
def test_the_demo_does_the_main_job_says_what_to_try_and_leaves_nothing_running(tmp_path: Path):
    before_s = cpu_of_children()
    finished = finish(Csa(tmp_path).start("demo", "--once"), LIMIT_S)
    assert finished.code == 0, finished.stderr
    assert cpu_of_children() - before_s < CPU_S
    said = finished.stdout
    assert "daily run Completed: " in said
    for instance in INSTANCES:
        assert instance in said
    assert "sales_monthly" in said, "datasets are shown"
    for what in ("Prefect UI: http", "API started: http", "Authorization: Bearer "):
        assert what in said
    assert re.search(r"^  \w+ +\S+@\S+ in \w+", said, re.MULTILINE), "who may sign in"
    urls = set(re.findall(r"http://127\.0\.0\.1:\d+", said))
    assert len(urls) == 4, "two sites, Prefect and the API"
    assert not [url for url in urls if answers(url)]
    assert not is_running(tmp_path / ".data")


def test_a_demo_that_is_asked_to_stop_while_it_starts_ends_all_that_it_started(tmp_path: Path):
    process = Csa(tmp_path).start("demo")
    parts: dict[int, str] = {}
    while not all(any(part in parts[pid] for pid in parts) for part in PARTS):
        assert process.poll() is None, finish(process).stderr
        time.sleep(0.1)
        parts = {pid: command(pid) for pid in descendants(process.pid)}
    process.send_signal(signal.SIGTERM)
    assert finish(process, LIMIT_S).code != 0
    assert not [told for pid, told in parts.items() if told and command(pid) == told]


def cpu_of_children() -> float:
    """Return the CPU seconds of the processes that this one and its own have started and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def command(pid: int) -> str:
    """Return what a process was started with; nothing when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    except FileNotFoundError:
        return ""


def answers(url: str) -> bool:
    """Tell whether anybody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex((str(urlsplit(url).hostname), int(urlsplit(url).port or 0))) == 0
