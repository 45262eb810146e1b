"""Processes that the demo starts and ends: only its own, by pid."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from warehouse.erpnext.certificates import trusted_certificates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

HOST = "127.0.0.1"
STOP_S = 15.0
POLL_S = 0.1
# What points the warehouse at an operator's own MongoDB and ERPs: no part of the demo may find it.
OF_THE_WAREHOUSE = ("CSA_", "ERP_", "MONGODB_", "BUSINESS_")


@contextmanager
def running(
    module: Sequence[str], variables: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m …` with `variables` in its environment, its output in `log`, until the end.

    Of the warehouse's variables it sees only these: it runs beside its log, where there is no
    `.env`, and inherits none.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(OF_THE_WAREHOUSE)
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 our own modules
            [sys.executable, "-m", *module],
            env=inherited | dict(variables),
            cwd=log.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path, limit_s: float) -> None:
    """Wait until `url` answers 200.

    Raises:
        RuntimeError: if the process ends before, or the time is over; the log is named.
    """
    give_up_at = time.monotonic() + limit_s
    certificates = trusted_certificates()
    while time.monotonic() < give_up_at:
        if process.poll() is not None:
            raise RuntimeError(f"A part of the demo ended with {process.returncode}: see {log}")
        try:
            if httpx.get(url, trust_env=False, verify=certificates).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(POLL_S)
    raise RuntimeError(f"{url} did not answer within {limit_s:.0f} s: see {log}")


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
