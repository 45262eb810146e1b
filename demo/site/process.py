"""A sample site in a process of its own, for tests, the demo and the bench."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx

from demo.books import Mix
from demo.site.app import CONTROL_PATH
from demo.site.auth import DEMO_KEY, DEMO_SECRET
from demo.site.logins import DEMO_PASSWORD
from warehouse.erpnext.certificates import trusted_certificates

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_STOP_S = 10.0
_ROOT = Path(__file__).resolve().parents[2]


class SiteControl:
    """Sends commands to a running site; `demo.site.commands` says what there is."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(
            base_url=url, timeout=60.0, trust_env=False, verify=trusted_certificates()
        )

    def do(self, command: str, **values: Any) -> Any:
        """Carry out one command and give what it returns; RuntimeError if the site can't."""
        answer = self._client.post(CONTROL_PATH, json={"do": command, **values}).json()
        if not answer["ok"]:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def do_all(self, commands: Iterable[dict[str, Any]]) -> list[Any]:
        """Carry out commands one after the other, up to the first that the site can't."""
        answer = self._client.post(CONTROL_PATH, json=list(commands)).json()
        if not answer["ok"]:
            raise RuntimeError(answer["error"])
        results: list[Any] = answer["results"]
        return results

    def fault(self, action: str, **rule: Any) -> None:
        """Add one fault rule."""
        self.do("faults", rules=[{"action": action, **rule}])

    def clear_faults(self) -> None:
        """Drop all fault rules."""
        self.do("clear_faults")

    def stats(self, *, reset: bool = False) -> dict[str, Any]:
        """Give the requests counted so far, and start anew if so asked."""
        report: dict[str, Any] = self.do("stats", reset=reset)
        return report

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class SiteProcess:
    """Runs `python -m demo.site` while its context lasts."""

    def __init__(  # noqa: PLR0913 - one option each
        self,
        *,
        dataset: Path | None = None,
        documents: int = 1000,
        seed: int = 1,
        mix: Mix = Mix.ORDINARY,
        pace: str | None = None,
        password: str = DEMO_PASSWORD,
        start_s: float = 120.0,
    ) -> None:
        self.key = DEMO_KEY
        self.secret = DEMO_SECRET
        self.password = password
        self._start_s = start_s
        self._arguments = [sys.executable, "-m", "demo.site", "--port", "0"]
        self._arguments += ["--password", password]
        if dataset is None:
            self._arguments += ["--documents", str(documents), "--seed", str(seed)]
            self._arguments += ["--mix", mix.value]
        else:
            self._arguments += ["--dataset", str(dataset)]
        if pace is not None:
            self._arguments += ["--pace", pace]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            self._arguments, stdout=subprocess.PIPE, text=True, cwd=_ROOT, env=dict(os.environ)
        )
        try:
            self.announcement = self._read_announcement()
        except BaseException:
            self._stop()
            raise
        self.url = self.announcement.rsplit(" ", 1)[1]
        self.control = SiteControl(self.url)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.control.close()
        self._stop()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    @property
    def pid(self) -> int:
        """Give the process's id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Give how the process ended; None while it runs."""
        return self._process.poll()

    def _read_announcement(self) -> str:
        stdout = self._process.stdout
        if stdout is None:
            raise RuntimeError("the site was started without a pipe")
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            if not selector.select(self._start_s):
                raise TimeoutError(f"the sample site said nothing for {self._start_s} s")
        line = stdout.readline().strip()
        if not line:
            raise RuntimeError(f"the sample site ended with status {self._process.wait()}")
        return line

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
