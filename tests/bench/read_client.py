"""`python -m tests.bench.read_client`: 16 clients of the API, and the same reads without it.

One process does all in turn, so that what a client costs is in all. Takes its order as JSON on
stdin; `tokens` are those of the sides compared, null for the one without the API. The HTTP client
is bare: a finished one would cost more than the server.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from pymongo import AsyncMongoClient

from tests.bench.read_store import DATABASE, DOCTYPE
from tests.bench.workbench import INSTANCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Read = Callable[[int], Awaitable[int]]

CLIENTS = 16
PAGE_ROWS = 50
ENVELOPE = {"_id": 0, "name": 1, "erp_modified": 1, "synced_at": 1}


class HttpReader(asyncio.BufferedProtocol):
    """One connection that asks for one path after the other, and only counts what comes."""

    def __init__(self, url: str, token: str, paths: list[str]) -> None:
        self._parts = urlsplit(url)
        self._requests = [
            f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            for path in paths
        ]
        self._transport: Any = None
        self._buffer = bytearray(2**18)
        self._head, self._missing, self._length = b"", 0, 0
        self._answered: asyncio.Future[int] | None = None

    async def read(self, number: int) -> int:
        """Return the bytes of the body of the answer."""
        loop = asyncio.get_running_loop()
        if self._transport is None:
            host, port = self._parts.hostname, self._parts.port
            self._transport, _ = await loop.create_connection(lambda: self, host, port)
        self._head, self._answered = b"", loop.create_future()
        self._transport.write(self._requests[number % len(self._requests)])
        return await self._answered

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._answered is None or self._answered.done():
            return
        if self._head.endswith(b"\r\n\r\n"):
            self._missing -= nbytes
        elif not self._read_head(nbytes):
            return
        if self._missing <= 0:
            self._answered.set_result(self._length)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionResetError())

    def _read_head(self, nbytes: int) -> bool:
        """Read on in the head of an answer; say whether it is whole."""
        head, end, rest = (self._head + self._buffer[:nbytes]).partition(b"\r\n\r\n")
        self._head = head + end
        if end:
            if not head.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(head.decode())
            self._length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            self._missing = self._length - len(rest)
        return bool(end)


class RawReader:
    """The driver and msgspec in this process's own loop: the ceiling."""

    def __init__(self, client: AsyncMongoClient[Any], order: dict[str, Any]) -> None:
        self._collection = client[DATABASE][f"erp_{INSTANCE}"]
        self._order = order
        paths = [f"document_data.{field}" for field in order["fields"]] or ["document_data"]
        self._projection = ENVELOPE | dict.fromkeys(paths, 1)

    async def read(self, number: int) -> int:
        if names := self._order["names"]:
            name = names[number % len(names)]
            row = await self._collection.find_one(self._select(name=name), self._projection)
            return len(msgspec.json.encode(row))
        moments = self._order["moments"]
        rows = await self._collection.find(
            self._select(erp_modified={"$lt": moments[number % len(moments)]}),
            self._projection,
            sort=[("erp_modified", -1), ("name", -1)],
            limit=PAGE_ROWS,
            batch_size=PAGE_ROWS,
        ).to_list()
        return len(msgspec.json.encode({"items": rows}))

    def _select(self, **condition: Any) -> dict[str, Any]:
        return {"doctype": DOCTYPE, **condition, **self._order["condition"]}


async def read_for(seconds: float, readers: list[Read]) -> dict[str, float]:
    """Let each reader read on and on for `seconds`; return requests, bytes and seconds."""
    numbers, done, received = itertools.count(), 0, 0
    started = time.perf_counter()

    async def go_on(read: Read) -> None:
        nonlocal done, received
        while time.perf_counter() - started < seconds:
            size = await read(next(numbers))
            received, done = received + size, done + 1

    await asyncio.gather(*(go_on(read) for read in readers))
    return {"requests": done, "bytes": received, "seconds": time.perf_counter() - started}


async def measure(order: dict[str, Any]) -> list[dict[str, dict[str, float]]]:
    """Measure all sides in turn, after one round that only warms up."""
    async with AsyncMongoClient(order["mongodb_uri"], tz_aware=True) as client:
        raw = RawReader(client, order)
        rounds = []
        for seconds in [order["seconds"] / 2, *[order["seconds"]] * order["rounds"]]:
            taken = {}
            for side, token in order["tokens"].items():
                taken[side] = (
                    await _read_over_http(order, token, seconds)
                    if token
                    else await read_for(seconds, [raw.read] * CLIENTS)
                )
            rounds.append(taken)
    return rounds[1:]


async def _read_over_http(order: dict[str, Any], token: str, seconds: float) -> dict[str, float]:
    # New connections each time: the server closes those that were idle for long.
    readers = [HttpReader(order["url"], token, order["paths"]) for _ in range(CLIENTS)]
    taken = await read_for(seconds, [reader.read for reader in readers])
    for reader in readers:
        reader.close()
    return taken


if __name__ == "__main__":
    json.dump(asyncio.run(measure(json.load(sys.stdin))), sys.stdout)
