"""The client over real connections: cut bodies, refused and closed ones."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.scripted_site import make_erp
from warehouse.erpnext.client import ErpClient
from warehouse.erpnext.retrying import ATTEMPTS, RetryBudget
from warehouse.errors import ErpContractBroken, ErpUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GOOD = b'{"message": "asha"}'


def answer(body: bytes, *headers: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *headers, "", ""]).encode() + body


@asynccontextmanager
async def serve(*answers: bytes) -> AsyncIterator[str]:
    """Give `answers` in order, the last one again and again, and hang up after each."""
    left = list(answers)

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def no_sleep(_seconds: float) -> None:
    """Wait for nothing."""


def client_of(url: str, attempts: int = ATTEMPTS) -> ErpClient:
    return ErpClient(make_erp(url=url), sleep=no_sleep, budget=RetryBudget(attempts - 1))


PASSING = {
    "cut": answer(GOOD[:9], "Content-Length: 19"),
    "cut chunk": answer(b"13\r\n" + GOOD[:9], "Transfer-Encoding: chunked"),
    "missing last chunk": answer(b"13\r\n" + GOOD + b"\r\n", "Transfer-Encoding: chunked"),
    "no gzip": answer(GOOD, "Content-Length: 19", "Content-Encoding: gzip"),
    "closed": b"",
    "no http": b"SSH-2.0-OpenSSH_9.6\r\n",
}


@pytest.mark.parametrize("what", PASSING)
async def test_a_connection_that_breaks_is_unavailable_and_tried_again(what: str):
    async with serve(PASSING[what], answer(GOOD, "Content-Length: 19")) as url:
        async with client_of(url) as client:
            assert await client.read_logged_user() == "asha"
        assert client.usage.retries == 1


@pytest.mark.parametrize("what", PASSING)
async def test_a_connection_that_breaks_every_time_is_unavailable(what: str):
    async with serve(PASSING[what]) as url, client_of(url) as client:
        with pytest.raises(ErpUnavailable):
            await client.read_logged_user()
    assert client.usage.requests == ATTEMPTS


async def test_a_body_cut_where_no_length_was_given_breaks_the_contract():
    cut = answer(GOOD[:9], "Content-Type: application/json")
    async with serve(cut) as url, client_of(url) as client:
        with pytest.raises(ErpContractBroken):
            await client.read_logged_user()


async def test_a_port_where_nobody_listens_is_unavailable():
    async with serve(b"") as url:
        pass
    async with client_of(url, attempts=1) as client:
        with pytest.raises(ErpUnavailable, match="ConnectError"):
            await client.read_logged_user()


async def test_a_cancelled_request_gives_its_slot_back():
    async with serve(answer(GOOD, "Content-Length: 19")) as url, client_of(url) as client:
        asking = [asyncio.create_task(client.read_logged_user()) for _ in range(8)]
        await asyncio.sleep(0)
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        assert not client._slots.locked()
        assert await client.read_logged_user() == "asha"


async def test_no_body_waits_for_the_garbage_collector():
    """An answer of httpx is part of a cycle, and a page weighs megabytes."""
    gc.collect()
    of_others = {id(each): each for each in gc.get_objects() if type(each) is httpx.Response}
    gc.disable()
    try:
        async with serve(answer(GOOD, "Content-Length: 19")) as url, client_of(url) as client:
            await client.read_logged_user()
        found = [each for each in gc.get_objects() if type(each) is httpx.Response]
        answers = [each for each in found if id(each) not in of_others]
    finally:
        gc.enable()
    assert answers
    assert not [each for each in answers if "_content" in vars(each)]
