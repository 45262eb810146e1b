"""What every request passes first: who asks, under which id, and what is told of it in the log.

It stands before Litestar's router, so that unknown paths and wrong methods pass it, too: to a
stranger they look like everything else. The log names the route, never a value, name or query.
"""

from __future__ import annotations

import hmac
import logging
import re
from secrets import token_hex
from time import perf_counter
from typing import TYPE_CHECKING, Any

from litestar.enums import ScopeType

from api.errors import unauthenticated
from warehouse.reading.subject import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

    from api.metrics import Metrics
    from warehouse.reading.subject import Subject

access_log = logging.getLogger("api.access")

OPEN_PATHS = frozenset({"/health/live", "/health/ready"})
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
NO_STORE = (b"cache-control", b"no-store")
_SAFE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
NO_ROUTE = "-"


class Gate:
    """Lets in who holds the operator's token; everyone, to the health checks."""

    def __init__(self, app: ASGIApp, operator_token: str, metrics: Metrics) -> None:
        self._app = app
        self._credential = f"bearer {operator_token}".encode("ascii")
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        headers = scope["headers"]
        answer = _Answer(send, _choose_request_id(headers))
        scope["request_id"] = answer.request_id.decode("ascii")  # type: ignore[typeddict-unknown-key]
        try:
            subject = self._authenticate(headers)
            if subject is None and scope["path"] not in OPEN_PATHS:
                await answer.refuse()
            else:
                scope["user"] = subject
                await self._app(scope, receive, answer.send)
        finally:
            self._record(scope, answer, perf_counter() - started)

    def _authenticate(self, headers: Iterable[tuple[bytes, bytes]]) -> Subject | None:
        sent = next((value for name, value in headers if name == b"authorization"), b"")
        scheme, _, token = sent.partition(b" ")
        credential = b" ".join((scheme.lower(), token))
        return OPERATOR if hmac.compare_digest(credential, self._credential) else None

    def _record(self, scope: HTTPScope, answer: _Answer, seconds: float) -> None:
        route = scope.get("path_template") or NO_ROUTE
        self._metrics.count_request(scope["method"], route, answer.status, seconds)
        access_log.info(
            "%s %s %d %.1f ms %s",
            scope["method"],
            route,
            answer.status,
            seconds * 1000,
            answer.request_id.decode("ascii"),
        )


class _Answer:
    """An answer on its way out: adds the headers that all have, keeps its status."""

    def __init__(self, send: Send, request_id: bytes) -> None:
        self._send = send
        self.request_id = request_id
        self.status = 500

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers: list[tuple[bytes, bytes]] = [*message["headers"], *SECURITY_HEADERS]
            if not any(name == b"cache-control" for name, _ in headers):
                headers.append(NO_STORE)
            headers.append((b"x-request-id", self.request_id))
            message["headers"] = headers
        await self._send(message)

    async def refuse(self) -> None:
        status, headers, body = unauthenticated()
        start: Any = {"type": "http.response.start", "status": status, "headers": headers}
        end: Any = {"type": "http.response.body", "body": body, "more_body": False}
        await self.send(start)
        await self.send(end)


def _choose_request_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the request's own id if it is harmless in a log, or a new one."""
    sent = next((value for name, value in headers if name == b"x-request-id"), b"")
    return sent if _SAFE_REQUEST_ID.fullmatch(sent) else token_hex(8).encode("ascii")
