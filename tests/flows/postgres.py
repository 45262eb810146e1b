"""A PostgreSQL of the tests' own, as the Prefect server uses in production."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from demo.processes import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

START_S = 60.0


@contextmanager
def postgres() -> Iterator[str]:
    """Run it on loopback; yield the URL for Prefect. Skip where it is not installed."""
    programs = _find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is missing: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="csa-postgres-"))
    identity, port = _identity(folder), free_port()
    data = str(folder / "data")
    made = ("--pgdata", data, "--username", "csa", "--auth", "trust", "--no-locale", "--no-sync")
    subprocess.run(  # noqa: S603 our own arguments
        [programs / "initdb", *made], check=True, capture_output=True, cwd=folder, **identity
    )
    options = ("-D", data, "-h", HOST, "-p", str(port), "-k", str(folder), "-c", "fsync=off")
    server = subprocess.Popen(  # noqa: S603 our own arguments
        [programs / "postgres", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **identity,
    )
    try:
        _wait(programs, port)
        yield f"postgresql+asyncpg://csa@{HOST}:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()
        shutil.rmtree(folder)


def _find_programs() -> Path | None:
    """Return the folder of initdb, which Debian keeps off the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


def _identity(folder: Path) -> dict[str, Any]:
    """Return as whom to run it: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _wait(programs: Path, port: int) -> None:
    give_up_at = time.monotonic() + START_S
    ask = [programs / "pg_isready", "--quiet", "--host", HOST, "--port", str(port)]
    while subprocess.run(ask, check=False).returncode:  # noqa: S603 our own arguments
        assert time.monotonic() < give_up_at, "PostgreSQL did not start"
        time.sleep(0.1)
