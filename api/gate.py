"""What every request passes first: who asks, under which id, and what is told of it in the log.

It stands before Litestar's router, so that unknown paths and wrong methods pass it, too: to a
stranger they look like everything else. The log names the route, never a value, name or query.
"""

from __future__ import annotations

import logging
import re
from secrets import token_hex
from time import perf_counter
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.enums import ScopeType

from api.audit import audit_read
from api.credentials import SAFE_METHODS, is_cross_site, read_cookie, read_token
from api.errors import HEADERS, describe, log_internal, make_problem
from api.schemas.problems import PROBLEM_JSON, Problem
from warehouse.accounts.audit import Client
from warehouse.accounts.identity import Means

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

    from api.services import Services
    from warehouse.accounts.identity import Caller

access_log = logging.getLogger("api.access")

OPEN_PATHS = frozenset({"/health/live", "/health/ready"})
SIGN_IN = ("POST", "/api/v1/session")
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
    """Lets in who is signed in or has a token; everyone, to the health checks and to sign in."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        answer = _Answer(send, _choose_request_id(scope["headers"]))
        request_id = answer.request_id.decode("ascii")
        scope["request_id"] = request_id  # type: ignore[typeddict-unknown-key]
        client = Client(self._services.proxies.find_address(scope), request_id)
        scope["from"] = client  # type: ignore[typeddict-unknown-key]
        try:
            refusal = await self._admit(scope)
            if refusal is not None:
                await answer.refuse(refusal)
            else:
                await self._app(scope, receive, answer.send)
        finally:
            self._record(scope, answer, perf_counter() - started)
            if scope.get("auth") is not None:
                await audit_read(self._services.audit, scope, answer.status)

    async def _admit(self, scope: HTTPScope) -> Problem | None:
        """Note who asks; return why they are not let in, if they are not."""
        scope["auth"] = scope["user"] = None
        if scope["path"] in OPEN_PATHS:
            return None
        try:
            caller = await identify(self._services, scope)
        except Exception as error:  # noqa: BLE001 - as behind the gate: whatever it is has a code
            problem = describe(error)
            log_internal(problem, scope, error)
            return problem
        if (scope["method"], scope["path"]) != SIGN_IN:
            if caller is None:
                return make_problem("not_authenticated")
            if caller.means is Means.TOKEN and scope["method"] not in SAFE_METHODS:
                return make_problem("token_read_only")
        if is_cross_site(scope["method"], scope["headers"]):
            return make_problem("cross_site_request")
        scope["auth"], scope["user"] = caller, caller.subject if caller else None
        return None

    def _record(self, scope: HTTPScope, answer: _Answer, seconds: float) -> None:
        route = scope.get("path_template") or NO_ROUTE
        self._services.metrics.count_request(scope["method"], route, answer.status, seconds)
        access_log.info(
            "%s %s %d %.1f ms %s",
            scope["method"],
            route,
            answer.status,
            seconds * 1000,
            answer.request_id.decode("ascii"),
        )


async def identify(services: Services, scope: HTTPScope) -> Caller | None:
    """Return who asks, by what the request brings; None if that opens nothing, or no more."""
    headers = scope["headers"]
    token = read_token(headers)
    if token is not None:
        return await services.identities.of_token(token)
    cookie = read_cookie(headers, is_https=services.proxies.is_https(scope))
    return None if cookie is None else await services.identities.of_cookie(cookie)


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
            if b"cache-control" not in dict(headers):
                headers.append(NO_STORE)
            headers.append((b"x-request-id", self.request_id))
            message["headers"] = headers
        await self._send(message)

    async def refuse(self, problem: Problem) -> None:
        body = msgspec.json.encode(problem)
        told = HEADERS.get(problem.status, {}) | {
            "Content-Type": PROBLEM_JSON,
            "Content-Length": str(len(body)),
        }
        headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
        start: Any = {"type": "http.response.start", "status": problem.status, "headers": headers}
        end: Any = {"type": "http.response.body", "body": body, "more_body": False}
        await self.send(start)
        await self.send(end)


def _choose_request_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the request's own id if it is harmless in a log, or a new one."""
    sent = next((value for name, value in headers if name == b"x-request-id"), b"")
    return sent if _SAFE_REQUEST_ID.fullmatch(sent) else token_hex(8).encode("ascii")
