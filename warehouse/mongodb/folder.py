"""The folder of an embedded MongoDB: what is kept where, and from when on it counts."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folder:
    """Where an embedded MongoDB keeps its things."""

    path: Path

    @property
    def data(self) -> Path:
        """MongoDB's own files."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """The log since the last start; the one before is beside it."""
        return self.path / "mongod.log"

    def read_log(self) -> str:
        """Return the log since the last start, as far as there is one."""
        if not self.log.exists():
            return ""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def process_id(self) -> Path:
        """Written by mongod; counts only while `server_lock` is held."""
        return self.path / "mongod.pid"

    @property
    def port(self) -> Path:
        """The port of the last start; counts only while `server_lock` is held."""
        return self.path / "mongod.port"

    @property
    def password(self) -> Path:
        """The password of the user that we made; only its owner may read it."""
        return self.path / "password"

    @property
    def password_to_be(self) -> Path:
        """The password until that user is made: where it is, the data are worth nothing yet."""
        return self.path / "password.new"

    @property
    def server_lock(self) -> Path:
        """Held by the mongod."""
        return self.path / "server.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by the processes that use the mongod."""
        return self.path / "users.lock"

    @property
    def change_lock(self) -> Path:
        """Held by the one process that starts or stops the mongod."""
        return self.path / "change.lock"


def read_number(path: Path) -> int | None:
    """Return the number that a file consists of, or None."""
    with suppress(OSError, ValueError):
        return int(path.read_text(encoding="ascii"))
    return None
