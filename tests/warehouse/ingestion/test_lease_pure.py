"""Who holds a lease, and whether that process still lives."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from warehouse.ingestion.lease import describe_this_process, is_dead


@pytest.fixture(scope="module")
def ended_pid() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(60)
    return process.pid


def test_this_process_lives():
    assert describe_this_process()["pid"] == os.getpid()
    assert not is_dead(describe_this_process())


def test_a_process_of_this_machine_that_ended_is_dead(ended_pid: int):
    assert is_dead({**describe_this_process(), "pid": ended_pid})


def test_a_process_of_another_user_lives(monkeypatch: pytest.MonkeyPatch):
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert not is_dead(describe_this_process())


@pytest.mark.parametrize("machine", [None, "", "elsewhere", "elsewhere/boot/1"])
def test_of_a_process_of_another_machine_nothing_is_known(machine: str | None, ended_pid: int):
    assert not is_dead({**describe_this_process(), "pid": ended_pid, "machine": machine})


@pytest.mark.parametrize("holder", [None, {}, {"pid": 1}])
def test_a_holder_that_is_not_described_counts_as_living(holder: dict[str, Any] | None):
    assert not is_dead(holder)


def test_a_machine_is_another_one_after_its_next_start():
    host, *rest = describe_this_process()["machine"].split("/")
    assert host == describe_this_process()["host"]
    if sys.platform == "linux":
        assert len(rest) == 2
