"""The API in a process of its own, as `csa serve` runs it, for tests and the bench."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx

from demo.site.auth import SERVICE_USER
from tests.accounts import make_token, put_account
from tests.api.published import check_answer
from warehouse.erpnext.certificates import trusted_certificates

if TYPE_CHECKING:
    from types import TracebackType

OPERATOR = "operator"
TOKEN = make_token(OPERATOR)
SECRET_KEY = "secret-key-of-the-tests-0123456789"
START_S = 60.0
STOP_S = 15.0
ROOT = Path(__file__).resolve().parents[2]
SERVE = "import typer; from cli.serve import serve; typer.run(serve)"


@dataclass
class ApiProcess:
    """Serves a database while its context lasts; `log` is what it wrote on stderr."""

    folder: Path
    mongodb_uri: str
    database: str
    variables: dict[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def log(self) -> str:
        return self._log_file.read_text("utf-8")

    def wait_for_log(self, text: str) -> None:
        """Wait for what is logged after the answer was sent; TimeoutError if it never is."""
        until = time.monotonic() + STOP_S
        while text not in self.log:
            if time.monotonic() > until:
                raise TimeoutError(text)
            time.sleep(0.01)

    @property
    def _log_file(self) -> Path:
        return self.folder / "api.log"

    def __enter__(self) -> Self:
        links = dict.fromkeys(instances_of(self.variables), SERVICE_USER)
        self.put_account(OPERATOR, links=links, is_operator=True)
        environment = {
            "PATH": os.environ["PATH"],
            "MONGODB_URI": self.mongodb_uri,
            "MONGODB_DATABASE_NAME": self.database,
            "BUSINESS_DATABASE_NAME": business_of(self.database),
            "CSA_SECRET_KEY": SECRET_KEY,
            "PYTHONPATH": str(ROOT),
            **self.variables,
        }
        with self._log_file.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 our own module
                [sys.executable, "-c", SERVE, "--port", "0"],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self.url = self._read_url()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def put_account(self, name: str, **options: Any) -> str:
        """Put an account there; return its token."""
        return put_account(self.mongodb_uri, self.database, name, **options)

    def client(self, token: str | None = TOKEN) -> httpx.Client:
        """Return a client that holds every answer against the published description."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        hooks = {"response": [check_answer]}
        return httpx.Client(
            base_url=self.url,
            headers=headers,
            timeout=30,
            trust_env=False,
            verify=trusted_certificates(),
            event_hooks=hooks,
        )

    def _read_url(self) -> str:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if found := re.search(r"running on (http://\S+)", self.log):
                return found[1]
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"the API did not start:\n{self.log}")

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def business_of(database: str) -> str:
    """Return the business database beside a datastore."""
    return f"{database}-business"


def instances_of(variables: dict[str, str]) -> list[str]:
    """Return the instances of settings."""
    found = (re.fullmatch("ERP__(.+)__URL", name) for name in variables)
    return [match[1].lower() for match in found if match]


def variables_of(instance: str) -> dict[str, str]:
    """Return the settings of an ERP that the API only has to know by name."""
    prefix = f"ERP__{instance.upper()}__"
    url = "http://127.0.0.1:9"
    return {f"{prefix}URL": url, f"{prefix}API_KEY": "key", f"{prefix}API_SECRET": "secret"}
