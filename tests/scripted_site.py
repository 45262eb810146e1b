"""An ERPNext that gives the answers a test tells it to, without a network, and its client."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx

from warehouse.erpnext.client import ErpClient
from warehouse.settings import ErpInstance

if TYPE_CHECKING:
    from warehouse.erpnext.retrying import RetryBudget

KEY = "sentinelkey4711"
SECRET = "sentinelsecret0815"

Reply = httpx.Response | type[Exception] | Callable[[httpx.Request], httpx.Response]


def make_erp(**options: Any) -> ErpInstance:
    """Return an instance's settings, with a key and secret that must show up nowhere."""
    return ErpInstance(
        **{
            "instance": "mitra",
            "url": "https://erp.example.org",
            "api_key": KEY,
            "api_secret": SECRET,
            **options,
        }
    )


class ScriptedSite:
    """Gives `replies` in order, the last one again and again; keeps what it was asked.

    A reply is a response, the class of a transport error, or a function of the request. `waits` are
    the seconds that the client would have slept.
    """

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []
        self.waits: list[float] = []

    def client(self, *, budget: RetryBudget | None = None, **options: Any) -> ErpClient:
        return ErpClient(
            make_erp(**options),
            transport=httpx.MockTransport(self._reply),
            sleep=self._sleep,
            budget=budget,
        )

    def _reply(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, httpx.Response):
            return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)
        if isinstance(reply, type):
            raise reply("the request was: " + repr(dict(request.headers)), request=request)
        return reply(request)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


def message(content: Any, status: int = 200) -> httpx.Response:
    """Return the answer of a whitelisted method."""
    return httpx.Response(status, json={"message": content})


def refusal(status: int, exc_type: str = "", **body: Any) -> httpx.Response:
    """Return an error of Frappe as API version 1 gives it."""
    return httpx.Response(status, json=({"exc_type": exc_type} if exc_type else {}) | body)


def page(status: int, content_type: str = "text/html", text: str = "<html></html>"):
    """Return an answer that is no JSON."""
    return httpx.Response(status, headers={"content-type": content_type}, text=text)
