"""Someone who is notified: a web server that keeps what Prefect's notification block sends."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from demo.processes import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.prefect_server import PrefectServer

BLOCK = "custom-webhook"
LIMIT_S = 60.0


@dataclass
class Webhook:
    """Where notifications go; `name` is the block's."""

    url: str
    name: str = "csa"
    received: list[dict[str, str]] = field(default_factory=list)

    def wait_for(self, text: str) -> dict[str, str]:
        """Return the first notification whose body holds `text`."""
        give_up_at = time.monotonic() + LIMIT_S
        while time.monotonic() < give_up_at:
            for each in self.received:
                if text in each["body"]:
                    return each
            time.sleep(0.5)
        raise AssertionError(f"nobody was told {text!r}; told was {self.received}")

    def add_block(self, server: PrefectServer) -> str:
        """Make the notification block that leads here; return its type and name."""
        message = {"subject": "{{subject}}", "body": "{{body}}"}
        data = {"name": self.name, "url": self.url, "json_data": message}
        return add_block(server, BLOCK, self.name, data)


def add_block(server: PrefectServer, slug: str, name: str, data: dict[str, Any]) -> str:
    """Make a block of a type, as the UI does; return its type and name."""
    kinds = server.post("block_types/filter", {"block_types": {"slug": {"any_": [slug]}}})
    kind = next(each for each in kinds if each["slug"] == slug)
    schemas = server.post(
        "block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}}
    )
    made = {"block_type_id": kind["id"], "block_schema_id": schemas[0]["id"]}
    server.post("block_documents/", {"name": name, "data": data, **made})
    return f"{slug}/{name}"


@contextmanager
def listening() -> Iterator[Webhook]:
    """Listen on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            webhook.received.append(json.loads(self.rfile.read(length)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        webhook = Webhook(f"http://{HOST}:{server.server_port}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield webhook
        server.shutdown()
        thread.join()
