"""The API of the demo: `csa serve` in a process of its own."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from demo.processes import HOST, free_port, running, wait_until_up

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

START_S = 60.0


@contextmanager
def api_server(data_dir: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Run the API over the demo's datastore while the block runs; yield its URL once it answers."""
    port = free_port()
    own = {"CSA_SECRET_KEY": secrets.token_urlsafe(32)}
    url, log = f"http://{HOST}:{port}", data_dir / "api.log"
    module = ("cli", "serve", "--host", HOST, "--port", str(port))
    with running(module, {**variables, **own}, log) as process:
        wait_until_up(f"{url}/health/ready", process, log, START_S)
        yield url
