"""The embedded MongoDB: one mongod on loopback, shared by all our processes on a data folder.

Each process holds a shared lock while it uses the server; who leaves last stops it. The kernel
takes the lock from a process that was killed, so its mongod is found by the next one, used, and
stopped. Starting and stopping happen under a second lock, one process at a time.
"""

import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from warehouse.errors import MongoUnavailable
from warehouse.mongodb.binary import find_mongod
from warehouse.mongodb.failures import StartAttempt, explain_failed_start
from warehouse.mongodb.folder import Folder, read_number
from warehouse.mongodb.launch import LOOPBACK, launch_mongod
from warehouse.mongodb.locks import POLL_S, is_locked, only_one, try_lock

USER = "csa"
_CHANGE_LIMIT_S = 240.0
_STOP_LIMIT_S = 60.0
_ANSWER_LIMIT_MS = 10_000


@contextmanager
def embedded_mongod(data_dir: Path, mongod: Path | None = None) -> Iterator[str]:
    """Yield the URI, password included, of the mongod of `data_dir`; leave it at the end."""
    server = EmbeddedMongo(data_dir, mongod)
    uri = server.start()
    try:
        yield uri
    finally:
        server.stop()


class EmbeddedMongo:
    """One use of the mongod of `data_dir`, from `start` to `stop`."""

    def __init__(self, data_dir: Path, mongod: Path | None = None) -> None:
        self._folder = Folder((data_dir / "mongodb").resolve())
        self._mongod = mongod
        self._in_use: int | None = None

    def start(self) -> str:
        """Start the mongod, or find it running; return its URI, password included.

        Raises MongoUnavailable with the cure.
        """
        folder = self._folder
        try:
            folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with only_one(folder.change_lock, _CHANGE_LIMIT_S):
                port = self._find_or_launch()
                self._in_use = try_lock(folder.users_lock, shared=True)
            password = folder.password.read_text(encoding="ascii")
        except OSError as error:
            raise MongoUnavailable(
                f"The folder of the embedded MongoDB, {folder.path}, can't be used:"
                f" {error.strerror} ({error.filename}).",
                cure="Give this user the folder and free space, or set CSA_DATA_DIR to another.",
            ) from error
        # With the journal, what was acknowledged outlives a mongod that is killed; it costs little.
        options = "directConnection=true&journal=true"
        return f"mongodb://{USER}:{password}@{LOOPBACK}:{port}/?{options}"

    def stop(self) -> None:
        """Leave the mongod, and stop it if nobody else uses it. Harmless when not started."""
        if self._in_use is None:
            return
        with only_one(self._folder.change_lock, _CHANGE_LIMIT_S):
            os.close(self._in_use)
            self._in_use = None
            self._stop_if_unused()

    def _find_or_launch(self) -> int:
        try:
            return self._find_running() or self._launch()
        except BaseException:
            self._stop_if_unused()
            raise

    def _find_running(self) -> int | None:
        """Return the port of the mongod of this folder, or None if none runs any more."""
        if not is_locked(self._folder.server_lock):
            return None
        port = read_number(self._folder.port)
        if port and self._folder.password.exists() and self._is_ours(port):
            return port
        if is_locked(self._folder.users_lock):
            process_id = read_number(self._folder.process_id)
            raise MongoUnavailable(
                f"The embedded mongod (process {process_id}) is in use, but does not answer.",
                cure="End the processes that use it, or wait if the machine is overloaded.",
            )
        self._stop_server()
        return None

    def _launch(self) -> int:
        mongod = find_mongod(self._mongod)
        is_new = self._prepare_password()
        server_lock = try_lock(self._folder.server_lock)
        if server_lock is None:
            raise MongoUnavailable("A mongod started meanwhile.", cure="Try again.")
        try:
            port = launch_mongod(mongod, self._folder, server_lock)
        finally:
            os.close(server_lock)
        try:
            if is_new:
                self._create_user(port)
        except PyMongoError as error:
            said = f"Its user could not be made ({type(error).__name__})."
            attempt = StartAttempt(mongod, self._folder.path, 0, said, self._folder.read_log())
            raise explain_failed_start(attempt) from None
        if self._is_ours(port):
            return port
        raise MongoUnavailable(
            f"The password in {self._folder.password} does not open the data beside it.",
            cure="Put back the password that belongs to them, or remove the folder to start anew.",
        )

    def _prepare_password(self) -> bool:
        """Make a password if there are no data yet; return whether its user is still to be made.

        A `password.new` says that an earlier start died before its data were worth anything.
        """
        folder = self._folder
        if folder.password_to_be.exists() and not folder.password.exists():
            shutil.rmtree(folder.data, ignore_errors=True)
        if folder.data.is_dir() and any(folder.data.iterdir()):
            if folder.password.exists():
                folder.password.chmod(0o600)
                return False
            raise MongoUnavailable(
                f"{folder.password} is missing, so the data beside it can't be opened.",
                cure=f"Put it back, or remove {folder.path} to start with an empty MongoDB.",
            )
        folder.password_to_be.unlink(missing_ok=True)
        folder.password.unlink(missing_ok=True)
        descriptor = os.open(folder.password_to_be, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(descriptor)
        return True

    def _create_user(self, port: int) -> None:
        """Make our user by the localhost exception: a mongod without users lets one be made."""
        password = self._folder.password_to_be.read_text(encoding="ascii")
        with _connect(port) as client:
            client.admin.command("createUser", USER, pwd=password, roles=["root"])
        self._folder.password_to_be.replace(self._folder.password)

    def _is_ours(self, port: int) -> bool:
        """Tell whether our password opens what listens on `port`, and it serves our data."""
        password = self._folder.password.read_text(encoding="ascii")
        try:
            with _connect(port, username=USER, password=password) as client:
                options = client.admin.command("getCmdLineOpts")
        except PyMongoError:
            return False
        return bool(options["parsed"]["storage"]["dbPath"] == str(self._folder.data))

    def _stop_if_unused(self) -> None:
        if not is_locked(self._folder.users_lock):
            self._stop_server()

    def _stop_server(self) -> None:
        folder = self._folder
        process_id = None
        deadline = time.monotonic() + _STOP_LIMIT_S
        while is_locked(folder.server_lock):
            if process_id is None and (process_id := read_number(folder.process_id)):
                with suppress(ProcessLookupError):
                    os.kill(process_id, signal.SIGTERM)
            if time.monotonic() > deadline:
                raise MongoUnavailable(
                    f"The embedded mongod (process {process_id}) does not stop.",
                    cure="It may be busy writing; if it stays, kill it.",
                )
            time.sleep(POLL_S)


def _connect(port: int, **credentials: Any) -> MongoClient[dict[str, object]]:
    return MongoClient(
        LOOPBACK,
        port,
        directConnection=True,
        serverSelectionTimeoutMS=_ANSWER_LIMIT_MS,
        socketTimeoutMS=_ANSWER_LIMIT_MS,
        appname="csa-embedded",
        **credentials,
    )
