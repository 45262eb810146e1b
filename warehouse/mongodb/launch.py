"""Start one mongod on loopback, and wait until it listens.

`mongod --fork` does the waiting: it returns when its child listens, exactly and without polling.
The child is in a session of its own, so a Ctrl-C in the terminal does not reach it, and belongs to
init, so that any of its users may stop it. It inherits the descriptor of a lock; as long as that
is held the mongod lives, which no process id or port can tell as surely.
"""

import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from warehouse.errors import MongoUnavailable
from warehouse.mongodb.failures import ADDRESS_IN_USE_EXIT, StartAttempt, explain_failed_start
from warehouse.mongodb.folder import Folder, read_number

LOOPBACK = "127.0.0.1"
_START_LIMIT_S = 120  # after a crash with much data, mongod replays its journal first
_PORT_ATTEMPTS = 3
_OPTIONS = (
    *("--fork", "--auth", "--bind_ip", LOOPBACK, "--nounixsocket"),
    *("--quiet", "--logappend", "--slowms", "1000"),
    *("--wiredTigerCacheSizeGB", "0.5", "--setParameter", "diagnosticDataCollectionEnabled=false"),
)


def launch_mongod(mongod: Path, folder: Folder, server_lock: int) -> int:
    """Start `mongod`, which will hold the lock of descriptor `server_lock`; return its port."""
    folder.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.process_id.unlink(missing_ok=True)
    if folder.log.exists():
        folder.log.replace(folder.log.with_suffix(".log.1"))
    preferred = read_number(folder.port)
    for _ in range(_PORT_ATTEMPTS):
        port = _choose_port(preferred)
        folder.port.write_text(f"{port}\n", encoding="ascii")
        attempt = _run_launcher(mongod, folder, port, server_lock)
        if attempt.exit_code == 0:
            return port
        if attempt.exit_code != ADDRESS_IN_USE_EXIT:
            break
        preferred = None  # somebody took the port between our look and mongod's
    raise explain_failed_start(attempt)


def _choose_port(preferred: int | None) -> int:
    """Return the port of last time if it is free, for clients that still retry there."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe, suppress(OSError, OverflowError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port))
            return int(probe.getsockname()[1])
    raise MongoUnavailable(f"No port of {LOOPBACK} is free.", cure="Close some programs.")


def _run_launcher(mongod: Path, folder: Folder, port: int, server_lock: int) -> StartAttempt:
    paths = ("--dbpath", folder.data, "--logpath", folder.log, "--pidfilepath", folder.process_id)
    try:
        ended = subprocess.run(  # noqa: S603 the path is the operator's or the wheel's
            [mongod, *_OPTIONS, "--port", str(port), *paths],
            capture_output=True,
            check=False,
            cwd=folder.path,
            errors="replace",
            pass_fds=(server_lock,),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            timeout=_START_LIMIT_S,
        )
        exit_code, output = ended.returncode, ended.stderr + ended.stdout
    except subprocess.TimeoutExpired:
        exit_code, output = 1, f"It was not ready within {_START_LIMIT_S} s."
    except OSError as error:
        raise MongoUnavailable(
            f"{mongod} can't be run: {error.strerror}.",
            cure="Set CSA_MONGOD to a mongod of this system, or MONGODB_URI.",
        ) from error
    return StartAttempt(mongod, folder.path, exit_code, output, folder.read_log())
