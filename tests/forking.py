"""Run `csa` in a process of its own without waiting for its imports.

A server that has them all forks for each command: what a fresh Python takes a second for. The fork
has its own folder, environment and streams, and shares nothing with the test or another command.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

STREAMS = ("stdin", "stdout", "stderr")
_context = get_context("forkserver")
_context.set_forkserver_preload(["cli.app", "cli.__main__"])


class Command(NamedTuple):
    """What a command is given."""

    arguments: tuple[str, ...]
    home: Path
    environment: Mapping[str, str]
    stdin: str


def run_forked(command: Command, limit_s: float) -> tuple[int, str, str]:
    """Run a command to its end; return its exit code and what it wrote on stdout and stderr."""
    with TemporaryDirectory(prefix="csa-streams-") as name:
        files = [Path(name, stream) for stream in STREAMS]
        files[0].write_text(command.stdin, encoding="utf-8")
        process = _context.Process(target=_run, args=(command, files), daemon=True)
        process.start()
        process.join(limit_s)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        process.close()
        stdout, stderr = (file.read_text(encoding="utf-8") for file in files[1:])
    if code is None:
        raise TimeoutError(
            f"csa {' '.join(command.arguments)} took more than {limit_s} s: {stderr}"
        )
    return code, stdout, stderr


def _run(command: Command, files: list[Path]) -> None:
    from cli.__main__ import main  # noqa: PLC0415 the test's own process has no use for it

    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor, file in enumerate(files):
        opened = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.stdin = io.TextIOWrapper(io.FileIO(0), encoding="utf-8")
    os.environ.clear()
    os.environ.update(command.environment)
    os.chdir(command.home)
    sys.argv = ["csa", *command.arguments]
    main()
