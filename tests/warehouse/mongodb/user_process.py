"""A process that uses the embedded MongoDB of a folder until its stdin closes; or dies on the way.

Run as a script by the tests: `user_process.py DATA_DIR [WHERE_TO_DIE]`. Prints the URI.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

from warehouse.mongodb.embedded import EmbeddedMongo, embedded_mongod


def die(*_args: Any, **_named: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def die_during_launch(command: list[str], **named: Any) -> NoReturn:
    wanted = {"pass_fds", "start_new_session", "cwd"}
    subprocess.Popen(  # noqa: S603 what launch.py would have run
        command, **{name: named[name] for name in wanted}
    )
    die()


def main() -> None:
    where_to_die = sys.argv[2] if len(sys.argv) > 2 else ""
    if where_to_die == "during launch":
        subprocess.run = die_during_launch
    elif where_to_die == "before the user":
        EmbeddedMongo._create_user = die
    elif where_to_die == "after the user":
        Path.replace = die
    with embedded_mongod(Path(sys.argv[1])) as uri:
        sys.stdout.write(f"{uri}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    # Ctrl-C ends it, also where the tests run in a script's background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main()
