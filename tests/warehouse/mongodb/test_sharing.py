"""Several processes, one mongod, which starts with the first and stops with the last."""

import os
import signal
from pathlib import Path

import pytest

from tests.warehouse.mongodb.conftest import SpawnUser, end, is_running, read_process_id, read_uri
from warehouse.mongodb import embedded_mongod


def test_two_processes_share_one_server_until_the_last_ends(
    data_dir: Path, spawn_user: SpawnUser
) -> None:
    first = spawn_user()
    uri = read_uri(first)
    process = read_process_id(data_dir)
    second = spawn_user()
    assert read_uri(second) == uri
    assert read_process_id(data_dir) == process
    end(first)
    assert is_running(data_dir)
    end(second)
    assert not is_running(data_dir)


def test_processes_that_start_at_once_start_one_server(
    data_dir: Path, spawn_user: SpawnUser
) -> None:
    users = [spawn_user() for _ in range(4)]
    uris = {read_uri(user) for user in users}
    assert len(uris) == 1
    assert uris != {""}
    for user in users:
        end(user)
    assert not is_running(data_dir)


def test_the_server_of_a_killed_user_is_used_and_stopped_by_the_next(
    data_dir: Path, spawn_user: SpawnUser
) -> None:
    killed = spawn_user()
    uri = read_uri(killed)
    process = read_process_id(data_dir)
    killed.kill()
    killed.wait()
    assert is_running(data_dir)
    with embedded_mongod(data_dir) as found:
        assert found == uri
        assert read_process_id(data_dir) == process
    assert not is_running(data_dir)


def test_a_killed_user_does_not_keep_the_server_from_stopping(
    data_dir: Path, spawn_user: SpawnUser
) -> None:
    with embedded_mongod(data_dir):
        killed = spawn_user()
        read_uri(killed)
        killed.kill()
        killed.wait()
    assert not is_running(data_dir)


def test_two_uses_within_one_process_count_as_two(data_dir: Path) -> None:
    with embedded_mongod(data_dir) as outer:
        with embedded_mongod(data_dir) as inner:
            assert inner == outer
        assert is_running(data_dir)
    assert not is_running(data_dir)


def test_a_user_that_raises_leaves_the_server_too(data_dir: Path) -> None:
    with pytest.raises(ZeroDivisionError), embedded_mongod(data_dir):
        _ = 1 // 0
    assert not is_running(data_dir)


def test_a_user_interrupted_by_ctrl_c_stops_the_server(
    data_dir: Path, spawn_user: SpawnUser
) -> None:
    user = spawn_user()
    read_uri(user)
    os.kill(user.pid, signal.SIGINT)
    user.wait()
    assert not is_running(data_dir)
