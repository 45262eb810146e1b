"""A started server for reading, folders for starting more, and processes that share one."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.warehouse.mongodb import user_process
from warehouse.mongodb import EmbeddedMongo, embedded_mongod
from warehouse.mongodb.folder import Folder, read_number
from warehouse.mongodb.locks import is_locked

REPOSITORY = Path(__file__).parents[3]
SpawnUser = Callable[..., subprocess.Popen[str]]
FakeMongod = Callable[[str], Path]


@pytest.fixture(scope="session")
def server_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def server_uri(server_dir: Path) -> Iterator[str]:
    with embedded_mongod(server_dir) as uri:
        yield uri


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A folder of our own; a mongod that a failed test leaves there is stopped."""
    yield tmp_path
    leftover = EmbeddedMongo(tmp_path)
    if leftover._folder.path.exists():
        leftover._stop_server()


@pytest.fixture
def spawn_user(data_dir: Path) -> Iterator[SpawnUser]:
    started: list[subprocess.Popen[str]] = []

    def spawn(where_to_die: str = "") -> subprocess.Popen[str]:
        process = subprocess.Popen(  # noqa: S603 our own script
            [sys.executable, "-W", "error", user_process.__file__, data_dir, where_to_die],
            cwd=REPOSITORY,
            env={"PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield spawn
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def fake_mongod(tmp_path: Path) -> FakeMongod:
    """Make a mongod of a shell script; `$log` is the path that it was given for its log."""

    def make(script: str) -> Path:
        path = tmp_path / "fake-mongod"
        find_log = 'while [ $# -gt 1 ]; do [ "$1" = --logpath ] && log=$2; shift; done'
        path.write_text(f"#!/bin/sh\n{find_log}\n{script}\n")
        path.chmod(0o755)
        return path

    return make


def read_uri(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.communicate()
    assert process.returncode == 0


def is_running(data_dir: Path) -> bool:
    return is_locked(Folder(data_dir / "mongodb").server_lock)


def read_process_id(data_dir: Path) -> int:
    found = read_number(Folder(data_dir / "mongodb").process_id)
    assert found is not None
    return found
