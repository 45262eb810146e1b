"""What a process has started, and what that has, looked up with procps."""

from __future__ import annotations

import subprocess


def descendants(pid: int) -> list[int]:
    """Return the processes below `pid`, each before its own."""
    listed = subprocess.run(  # noqa: S603 our own arguments
        ["pgrep", "-P", str(pid)],  # noqa: S607 wherever procps is
        check=False,
        capture_output=True,
        text=True,
    )
    children = [int(line) for line in listed.stdout.split()]
    return children + [below for child in children for below in descendants(child)]
