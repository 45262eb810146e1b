"""Run `csa` as a user does: in a process of its own, with settings from its environment alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.forking import Command, run_forked

if TYPE_CHECKING:
    from pathlib import Path

    from demo.site.process import SiteProcess

FOREIGN = ("CSA_", "ERP_", "MONGODB_", "BUSINESS_")
LIMIT_S = 60.0


@dataclass(frozen=True)
class Finished:
    """How a command ended and what it said."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """What stdout holds, which must be one JSON value and nothing else."""
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Csa:
    """`python -m cli` in the folder `home`, where no `.env` is, with `variables`."""

    home: Path
    uri: str = ""
    database: str = "csa-datastore"
    variables: dict[str, str] = field(default_factory=dict)

    def with_instance(self, instance: str, site: SiteProcess) -> Csa:
        """Return the same with one more instance."""
        prefix = f"ERP__{instance.upper()}__"
        return self.with_variables(
            **{
                f"{prefix}URL": site.url,
                f"{prefix}API_KEY": site.key,
                f"{prefix}API_SECRET": site.secret,
            }
        )

    def with_variables(self, **variables: str) -> Csa:
        """Return the same with more variables."""
        return replace(self, variables=self.variables | variables)

    @property
    def environment(self) -> dict[str, str]:
        own = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
        where = {
            "MONGODB_URI": self.uri,
            "MONGODB_DATABASE_NAME": self.database,
            "BUSINESS_DATABASE_NAME": f"{self.database}-business",
        }
        return own | where | self.variables

    def start(self, *arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(  # noqa: S603 our own module
            [sys.executable, "-m", "cli", *arguments],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def run(self, *arguments: str, stdin: str = "") -> Finished:
        """Run a command to its end, with `stdin` to read; forked, since a start takes a second."""
        command = Command(arguments, self.home, self.environment, stdin)
        return Finished(*run_forked(command, LIMIT_S))


def finish(process: subprocess.Popen[str], limit_s: float = LIMIT_S) -> Finished:
    """Wait for a command; end it if it takes too long."""
    with process:
        try:
            stdout, stderr = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Finished(process.returncode, stdout, stderr)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a command as `kill -9` does."""
    process.kill()
    finish(process)
