"""Every reason for which a mongod does not start is told with its cure."""

import os
import pickle
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from tests.warehouse.mongodb.conftest import FakeMongod, is_running
from warehouse.errors import MongoUnavailable
from warehouse.mongodb import EmbeddedMongo, embedded_mongod, failures, launch
from warehouse.mongodb.binary import find_mongod
from warehouse.mongodb.folder import Folder

NEWER = (
    '{"s":"F",  "c":"CONTROL",  "id":20573, "msg":"Wrong mongod version","attr":{"error":'
    '"UPGRADE PROBLEM: Found an invalid featureCompatibilityVersion document (ERROR: BadValue:'
    ' Invalid feature compatibility version value 7.0; expected 5.0 or 5.3 or 6.0)"}}'
)
NEWER_FILES = (
    '{"s":"E","c":"WT","id":22435,"msg":"WiredTiger error","attr":{"error":95,"message":'
    '"unsupported WiredTiger file version: this build only supports major/minor versions up to"}}'
)
FULL = '{"s":"E","c":"WT","msg":"WiredTiger error","attr":{"error":"No space left on device"}}'
DENIED = '{"s":"E","c":"CONTROL","msg":"Error","attr":{"error":"Permission denied: journal"}}'
LIBRARY = "mongod: error while loading shared libraries: {}: cannot open shared object file"
UNHEARD_OF = '{"s":"F","c":"-","msg":"Something new","attr":{"error":"the moon is full"}}'


def start_failing(data_dir: Path, mongod: Path) -> MongoUnavailable:
    with pytest.raises(MongoUnavailable) as failed:
        EmbeddedMongo(data_dir, mongod).start()
    assert not is_running(data_dir)
    assert str(pickle.loads(pickle.dumps(failed.value))) == str(failed.value)  # noqa: S301 ours
    return failed.value


@pytest.mark.parametrize(
    ("script", "message", "cure"),
    [
        (f"echo '{LIBRARY.format('libcurl.so.4')}' >&2; exit 127", "libcurl.so.4", "libcurl4"),
        (f"echo '{LIBRARY.format('libssl.so.3')}' >&2; exit 127", "libssl.so.3", "libssl3"),
        (f"echo '{LIBRARY.format('libcrypto.so.3')}' >&2; exit 127", "libcrypto.so.3", "libssl3"),
        (f"echo '{LIBRARY.format('libodd.so')}' >&2; exit 127", "libodd.so", "package that has it"),
        ('echo "version \\`GLIBC_2.34\' not found" >&2; exit 1', "newer system", "MONGODB_URI"),
        ("kill -ILL $$", "AVX", "MONGODB_URI"),
        (f"echo '{NEWER}' >$log; exit 62", "another version of MongoDB", "CSA_MONGOD"),
        (f"echo '{NEWER_FILES}' >$log; exit 14", "another version of MongoDB", "CSA_MONGOD"),
        (f"echo '{FULL}' >$log; exit 14", "is full", "Free some space"),
        (f"echo '{DENIED}' >$log; exit 100", "may not write", "chown"),
        (f"echo '{UNHEARD_OF}' >$log; exit 9", "Something new the moon is full", "mongod.log"),
        ("exit 3", "exit 3", "mongod.log"),
    ],
)
def test_a_failed_start_names_its_cause_and_the_cure(
    data_dir: Path, fake_mongod: FakeMongod, script: str, message: str, cure: str
) -> None:
    error = start_failing(data_dir, fake_mongod(script))
    assert message in error.message
    assert cure in error.cure


def test_a_mongod_for_another_processor_is_named(data_dir: Path) -> None:
    foreign = data_dir / "mongod-arm64"
    foreign.write_bytes(b"\x7fELF\x02\x01\x01not for this machine")
    foreign.chmod(0o755)
    error = start_failing(data_dir, foreign)
    assert "Exec format error" in error.message
    assert "MONGODB_URI" in error.cure


def test_a_full_disk_is_told_even_if_the_log_is_cut(
    data_dir: Path, fake_mongod: FakeMongod, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "free")  # noqa: PYI024 as shutil's
    monkeypatch.setattr(failures.shutil, "disk_usage", lambda _path: usage(0))
    assert "is full" in start_failing(data_dir, fake_mongod("echo '{\"t\"' >$log; exit 1")).message


def test_a_mongod_that_is_never_ready_is_given_up(
    data_dir: Path, fake_mongod: FakeMongod, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_START_LIMIT_S", 0.2)
    error = start_failing(data_dir, fake_mongod("exec sleep 60"))
    assert "not ready within 0.2 s" in error.message


def test_a_foreign_mongod_on_the_same_data_is_not_touched(
    data_dir: Path, fake_mongod: FakeMongod
) -> None:
    said = '{"s":"E","msg":"Failed","attr":{"error":"DBPathInUse: Unable to lock the lock file"}}'
    error = start_failing(data_dir, fake_mongod(f"echo '{said}' >$log; exit 100"))
    assert "did not start uses" in error.message


def test_damaged_data_are_told_with_the_repair(data_dir: Path) -> None:
    with embedded_mongod(data_dir):
        pass
    (Folder(data_dir / "mongodb").data / "WiredTiger.turtle").write_text("damage")
    error = start_failing(data_dir, find_mongod())
    assert "damaged" in error.message
    assert "--repair" in error.cure


def test_a_lost_password_never_costs_the_data(data_dir: Path) -> None:
    with embedded_mongod(data_dir):
        pass
    folder = Folder(data_dir / "mongodb")
    password = folder.password.read_text()
    folder.password.unlink()
    assert "is missing" in start_failing(data_dir, find_mongod()).message
    folder.password.write_text("not the one")
    assert "does not open the data" in start_failing(data_dir, find_mongod()).message
    folder.password.write_text(password)
    with embedded_mongod(data_dir):
        pass


def test_data_that_were_removed_are_started_anew_with_a_new_password(data_dir: Path) -> None:
    with embedded_mongod(data_dir) as first:
        pass
    shutil.rmtree(Folder(data_dir / "mongodb").data)
    with embedded_mongod(data_dir) as second:
        assert second.split("@")[0] != first.split("@")[0]


@pytest.mark.skipif(os.name != "posix", reason="needs a file where a folder should be")
def test_a_data_dir_that_is_no_folder_is_named(data_dir: Path) -> None:
    (data_dir / "file").touch()
    with pytest.raises(MongoUnavailable, match="can't be used: Not a directory") as failed:
        EmbeddedMongo(data_dir / "file").start()
    assert "CSA_DATA_DIR" in failed.value.cure
