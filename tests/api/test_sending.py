"""Head and body of an answer leave in one piece; nothing that was written is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from uvicorn.config import Config
from uvicorn.server import ServerState

from api.sending import LARGE_BYTES, WholeAnswers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.types import Receive, Scope, Send

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Wire(asyncio.Transport):
    """Keeps what is sent, one entry for each system call."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.is_closed
        self.sent.append(bytes(data))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True


async def answer(request: bytes, *bodies: bytes, pause_s: float = 0.0) -> Wire:
    """Return the wire after an app has answered with `bodies`."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = (b"content-length", str(len(bodies[0])).encode())
        headers = [length] if len(bodies) == 1 else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number, body in enumerate(bodies, 1):
            if pause_s:
                await asyncio.sleep(pause_s)
            more = number < len(bodies)
            await send({"type": "http.response.body", "body": body, "more_body": more})

    config = Config(app, access_log=False, log_config=None, lifespan="off")
    config.load()
    wire, state = Wire(), ServerState()
    protocol = WholeAnswers(config, state, {})
    protocol.connection_made(wire)
    protocol.data_received(request)
    await asyncio.gather(*state.tasks)
    await asyncio.sleep(0)
    return wire


async def test_head_and_body_are_sent_at_once():
    [sent] = (await answer(REQUEST, b"body")).sent
    assert sent.startswith(b"HTTP/1.1 200 OK\r\n")
    assert sent.endswith(b"\r\n\r\nbody")


async def test_what_is_large_is_not_copied_to_the_head():
    large = b"x" * (LARGE_BYTES + 1)
    head, body = (await answer(REQUEST, large)).sent
    assert head.endswith(b"\r\n\r\n")
    assert body == large


async def test_a_stream_is_sent_as_it_comes():
    sent = (await answer(REQUEST, b"one", b"two", b"three", pause_s=0.01)).sent
    assert b"transfer-encoding: chunked" in sent[0]
    assert sent[1:] == [b"3\r\none\r\n", b"3\r\ntwo\r\n", b"5\r\nthree\r\n0\r\n\r\n"]


async def test_a_stream_that_does_not_wait_keeps_its_order():
    sent = b"".join((await answer(REQUEST, *(b"%d" % number for number in range(9)))).sent)
    chunks = sent.partition(b"\r\n\r\n")[2].split(b"\r\n")
    assert chunks[1:19:2] == [b"%d" % number for number in range(9)]


async def test_what_was_written_leaves_before_the_connection_closes():
    wire = await answer(REQUEST.replace(b"x\r\n", b"x\r\nConnection: close\r\n"), b"body")
    assert wire.is_closed
    assert b"".join(wire.sent).endswith(b"body")


async def test_a_request_that_is_none_is_refused_before_the_connection_closes():
    wire = await answer(b"\x00\x01\r\n\r\n")
    assert wire.is_closed
    assert b"".join(wire.sent).startswith(b"HTTP/1.1 400 ")
