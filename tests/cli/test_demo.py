"""`csa demo --once`, the first command of the README, with all that it starts: a minute of work."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.commanding import Csa, finish
from tests.warehouse.mongodb.conftest import is_running

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_S = 600.0
INSTANCES = ("kisanmitra", "sahaja")


@pytest.mark.soak
def test_the_demo_does_the_main_job_says_what_to_try_and_leaves_nothing_running(tmp_path: Path):
    finished = finish(Csa(tmp_path).start("demo", "--once"), LIMIT_S)
    assert finished.code == 0, finished.stderr
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


def answers(url: str) -> bool:
    """Tell whether anybody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex((str(urlsplit(url).hostname), int(urlsplit(url).port or 0))) == 0
