"""What stands between a run and the world: it counts requests and writes, and acts at some.

A run knows its gate by a context variable, so that the tasks it starts pass the same one. At the
chosen moment the gate changes the site, cuts the connection, cancels the run, or stops it dead:
a run that is stopped looks killed from outside, until it is let go on like a revived holder.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx
from pymongo.asynchronous.collection import AsyncCollection

from demo.site.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from tests.model.site import ModelSite

WRITES = (
    "bulk_write",
    "delete_many",
    "find_one_and_update",
    "insert_many",
    "insert_one",
    "replace_one",
    "update_many",
    "update_one",
)
THERE = "request"
BACK = "answer"
WRITE = "write"

_gate: ContextVar[Gate | None] = ContextVar("gate", default=None)


@dataclass(frozen=True, slots=True)
class Moment:
    """The `nth` time that a run passes a point; `phase` and `room` (a DocType) None: any.

    `point`: before a request, after its answer, before a write to MongoDB.
    """

    point: str
    nth: int
    phase: str | None = None
    room: str | None = None

    def __str__(self) -> str:
        what = " ".join(part for part in (self.phase, self.room) if part)
        return f"{self.point} {self.nth}" + (f" of {what}" if what else "")


@dataclass(slots=True)
class Gate:
    """Where a run passes with every request and every write.

    `holds_a_write`: among what waits since it was stopped is a write, which no lease is asked for
    any more.
    """

    acts: list[tuple[Moment, Callable[[Gate], None]]] = field(default_factory=list)
    task: asyncio.Task[Any] | None = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    holds_a_write: bool = False
    _passed: Counter[int] = field(default_factory=Counter)
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._open.set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Make this the gate of what is started inside."""
        token = _gate.set(self)
        try:
            yield
        finally:
            _gate.reset(token)

    async def pass_by(self, point: str, phase: str | None = None, room: str | None = None) -> None:
        """Act if the moment has come, and wait while the run is stopped."""
        for number, (moment, act) in enumerate(self.acts):
            if moment.point != point or moment.phase not in (None, phase):
                continue
            if moment.room not in (None, room):
                continue
            self._passed[number] += 1
            if self._passed[number] == moment.nth:
                act(self)
        if not self._open.is_set():
            self.holds_a_write |= point == WRITE
            await self._open.wait()

    def stop(self) -> None:
        """Stop the run dead: it passes no more until `let_go`."""
        self._open.clear()
        self.stopped.set()

    def let_go(self) -> None:
        """Let a stopped run go on, undisturbed."""
        self.acts.clear()
        self._open.set()

    def cancel(self) -> None:
        """Cancel the run as Ctrl-C does."""
        if self.task:
            self.task.cancel()


class Wire(httpx.AsyncBaseTransport):
    """The way to the sample site, in this process."""

    def __init__(self, site: ModelSite, gate: Gate) -> None:
        self._site = site
        self._gate = gate
        self._app = httpx.ASGITransport(create_app(site.sample))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        about = read_subject(request)
        self._site.clock.now()
        await self._gate.pass_by(THERE, *about)
        if about[0] == "read" and self._site.hides(about[1], named(request)):
            body = {"exc_type": "PermissionError"}
            response = httpx.Response(403, json=body, request=request)
        else:
            response = await self._app.handle_async_request(request)
        await self._gate.pass_by(BACK, *about)
        return response


def cut(_gate: Gate) -> None:
    """Lose the connection."""
    raise httpx.ReadError("cut")


def read_subject(request: httpx.Request) -> tuple[str, str | None]:
    """Return what a request is for, and the DocType whose documents it serves."""
    if request.method == "GET":
        doctype = parse_qs(request.url.query.decode()).get("doctype", [None])[0]
        kinds = {"get": "read", "getdoctype": "meta"}
        return kinds.get(request.url.path.rpartition(".")[2], "other"), doctype
    body = json.loads(request.content)
    if body.get("parent"):
        return "children", body["parent"]
    phases = {"*": "page", "name modified creation": "inventory"}
    phase = phases.get(" ".join(body["fields"]), "other")
    columns = {column for column, *_ in body["filters"]}
    is_look = phase == "inventory" and columns & {"name", "creation"}
    return "look" if is_look else phase, body["doctype"]


def named(request: httpx.Request) -> str | None:
    """Return the document that a single read asks for."""
    return parse_qs(request.url.query.decode()).get("name", [None])[0]


def watch_writes(patch: pytest.MonkeyPatch) -> None:
    """Let every write of a run pass its gate."""
    for name in WRITES:
        patch.setattr(AsyncCollection, name, _watched(getattr(AsyncCollection, name)))


def _watched(write: Callable[..., Any]) -> Callable[..., Any]:
    async def watched(collection: AsyncCollection[Any], *args: Any, **options: Any) -> Any:
        gate = _gate.get()
        if gate:
            await gate.pass_by(WRITE, write.__name__, collection.name)
        return await write(collection, *args, **options)

    return watched
