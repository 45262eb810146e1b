"""The embedded MongoDB: who may sign in, what others may see, what a crash leaves."""

import os
import shutil
import signal
import socket
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tests.warehouse.mongodb.conftest import SpawnUser, is_running, read_process_id, read_uri
from warehouse.errors import MongoUnavailable
from warehouse.mongodb import EmbeddedMongo, embedded, embedded_mongod
from warehouse.mongodb.folder import Folder


def write_probe(uri: str) -> None:
    with MongoClient(uri) as client:
        client.probe.probes.insert_one({"written": True})


def count_probes(uri: str) -> int:
    with MongoClient(uri) as client:
        return client.probe.probes.count_documents({})


def test_a_client_without_password_is_refused(server_uri: str) -> None:
    address = server_uri.partition("@")[2]
    with MongoClient(f"mongodb://{address}") as stranger:
        for attempt in (
            stranger.list_database_names,
            lambda: stranger.probe.probes.insert_one({}),
            lambda: stranger.admin.command("createUser", "eve", pwd="eve", roles=["root"]),
        ):
            with pytest.raises(OperationFailure, match="requires authentication"):
                attempt()


def test_the_uri_may_do_everything(server_uri: str) -> None:
    with MongoClient(server_uri) as client:
        client.probe.rows.insert_one({"amount_inr": 1})
        client.probe.rows.aggregate([{"$merge": {"into": {"db": "other", "coll": "rows"}}}])
        assert client.other.rows.count_documents({}) == 1


def test_it_listens_on_loopback_only_and_leaves_no_socket_file(server_uri: str) -> None:
    with MongoClient(server_uri) as client:
        parsed = client.admin.command("getCmdLineOpts")["parsed"]
    assert parsed["net"]["bindIp"] == "127.0.0.1"
    assert parsed["security"]["authorization"] == "enabled"
    assert not Path(f"/tmp/mongodb-{parsed['net']['port']}.sock").exists()  # noqa: S108 mongod's


def test_only_the_owner_may_read_password_data_and_log(server_uri: str, server_dir: Path) -> None:
    folder = Folder(server_dir / "mongodb")
    assert folder.password.stat().st_mode & 0o777 == 0o600
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert folder.data.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads the process list of Linux")
def test_the_password_is_in_no_process_list_and_no_log(server_uri: str, server_dir: Path) -> None:
    folder = Folder(server_dir / "mongodb")
    password = folder.password.read_text()
    process = Path(f"/proc/{read_process_id(server_dir)}")
    assert b"--auth" in (process / "cmdline").read_bytes()
    assert password.encode() not in (process / "cmdline").read_bytes()
    assert password not in folder.read_log()


def test_ctrl_c_in_the_terminal_does_not_reach_it(server_uri: str, server_dir: Path) -> None:
    assert os.getsid(read_process_id(server_dir)) != os.getsid(0)


def test_data_and_password_outlive_a_restart(data_dir: Path) -> None:
    with embedded_mongod(data_dir) as first:
        write_probe(first)
    assert not is_running(data_dir)
    with embedded_mongod(data_dir) as second:
        assert count_probes(second) == 1
        assert second == first


def test_a_password_file_that_others_may_read_is_closed_again(data_dir: Path) -> None:
    with embedded_mongod(data_dir):
        pass
    password = Folder(data_dir / "mongodb").password
    password.chmod(0o644)
    with embedded_mongod(data_dir):
        assert password.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("where", ["during launch", "before the user", "after the user"])
def test_a_first_start_killed_half_way_is_made_good(
    data_dir: Path, spawn_user: SpawnUser, where: str
) -> None:
    killed = spawn_user(where)
    assert killed.wait() == -signal.SIGKILL
    with embedded_mongod(data_dir) as uri:
        write_probe(uri)
        assert not Folder(data_dir / "mongodb").password_to_be.exists()
    assert not is_running(data_dir)


def test_a_mongod_that_was_killed_is_started_again_on_the_same_port_with_all_writes(
    data_dir: Path,
) -> None:
    with embedded_mongod(data_dir) as first:
        write_probe(first)
        os.kill(read_process_id(data_dir), signal.SIGKILL)
        while is_running(data_dir):
            pass
        with embedded_mongod(data_dir) as second:
            assert second == first
            assert count_probes(second) == 1


def test_a_port_that_another_program_took_is_left_to_it(data_dir: Path) -> None:
    with embedded_mongod(data_dir) as first:
        write_probe(first)
    port = int(Folder(data_dir / "mongodb").port.read_text())
    with socket.create_server(("127.0.0.1", port)), embedded_mongod(data_dir) as second:
        assert second != first
        assert count_probes(second) == 1


@pytest.mark.parametrize("said", ["", "nonsense", "0", "99999"])
def test_a_port_file_that_says_nonsense_is_ignored(data_dir: Path, said: str) -> None:
    folder = Folder(data_dir / "mongodb")
    folder.path.mkdir()
    folder.port.write_text(said)
    folder.process_id.write_text("1")
    with embedded_mongod(data_dir) as uri:
        write_probe(uri)


def test_an_orphan_whose_port_file_names_another_mongod_is_replaced(
    data_dir: Path, spawn_user: SpawnUser, server_uri: str, server_dir: Path
) -> None:
    user = spawn_user()
    write_probe(read_uri(user))
    orphan = read_process_id(data_dir)
    user.kill()
    user.wait()
    shutil.copy(Folder(server_dir / "mongodb").port, Folder(data_dir / "mongodb").port)
    with embedded_mongod(data_dir) as uri:
        assert count_probes(uri) == 1
        assert uri.partition("@")[2] != server_uri.partition("@")[2]
        assert read_process_id(data_dir) != orphan


def test_a_mongod_in_use_that_does_not_answer_is_not_pulled_away(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_ANSWER_LIMIT_MS", 300)
    with embedded_mongod(data_dir):
        process = read_process_id(data_dir)
        os.kill(process, signal.SIGSTOP)
        try:
            with pytest.raises(MongoUnavailable, match="in use, but does not answer"):
                EmbeddedMongo(data_dir).start()
        finally:
            os.kill(process, signal.SIGCONT)
        assert is_running(data_dir)


def test_stopping_what_was_not_started_is_harmless(data_dir: Path) -> None:
    EmbeddedMongo(data_dir).stop()
