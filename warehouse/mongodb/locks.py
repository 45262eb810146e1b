"""Locks on files that the kernel takes back from a process however it ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.errors import MongoUnavailable

POLL_S = 0.02


def try_lock(path: Path, *, shared: bool = False) -> int | None:
    """Return a file descriptor that holds the lock until it is closed, or None if others do."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_locked(path: Path) -> bool:
    """Tell whether some process, this one included, holds the lock."""
    descriptor = try_lock(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


@contextmanager
def only_one(path: Path, limit_s: float) -> Iterator[None]:
    """Hold the lock alone inside the block; wait for it up to `limit_s`."""
    deadline = time.monotonic() + limit_s
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() > deadline:
            raise MongoUnavailable(
                f"Another process has been starting or stopping MongoDB for {limit_s:.0f} s.",
                cure=f"Find and end the process that holds {path}.",
            )
        time.sleep(POLL_S)
    try:
        yield
    finally:
        os.close(descriptor)
