"""The ASGI app of a sample site."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from demo.site.answers import Answer, control_answer
from demo.site.calls import Call

if TYPE_CHECKING:
    from demo.site.site import SampleSite

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
CONTROL_PATH = "/_control"


def create_app(site: SampleSite) -> App:
    """Make the app that serves the site."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"no {scope['type']} here")
        call = await _read_call(scope, receive)
        if call.path == CONTROL_PATH and call.http_method == "POST":
            answer = control_answer(*site.command(call.body))
        else:
            answer = await site.answer(call)
        await _send_answer(answer, send, with_body=call.http_method != "HEAD")

    return app


async def _read_call(scope: Scope, receive: Receive) -> Call:
    query = scope["query_string"].decode("latin-1")
    raw_path = scope.get("raw_path") or scope["path"].encode()
    target = raw_path + (b"?" + scope["query_string"] if query else b"")
    return Call(
        http_method=scope["method"],
        path=scope["path"],
        query=query,
        headers={
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        },
        body=await _read_body(receive),
        line_bytes=len(f"{scope['method']}  HTTP/1.1") + len(target),
    )


async def _read_body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client left while sending")
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send_answer(answer: Answer, send: Send, *, with_body: bool) -> None:
    """Send it; leaving a body unfinished makes the server close the connection."""
    headers = answer.raw_headers()
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = answer.body if with_body else b""
    cut = answer.sent_bytes is not None
    await send({"type": "http.response.body", "body": body[: answer.sent_bytes], "more_body": cut})
