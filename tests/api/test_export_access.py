"""An export gives no more than its reader may see by now, however slowly they read."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn

from tests.accounts import put_account
from tests.api.inside import Inside
from tests.snapshots import put_snapshot
from tests.warehouse.access.worlds import EMPLOYEE
from tests.warehouse.dashboards.conftest import make_world
from tests.warehouse.transform.conftest import books  # noqa: F401 - a fixture
from tests.warehouse.transform.rules import item, sale
from warehouse.dashboards.opening import Datasets
from warehouse.documents.accounts import Account

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from litestar import Litestar

    from tests.transforming import Books

LINES = 3_000
EXPORT = "/api/v1/datasets/lines/export.ndjson"


@asynccontextmanager
async def serve(app: Litestar) -> AsyncIterator[str]:
    """Serve an app over real HTTP; give its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 uvicorn has no event
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
async def reader(books: Books, mongodb_uri: str) -> AsyncIterator[httpx.AsyncClient]:  # noqa: F811
    """An employee who may see all lines of a long invoice."""
    await books.put(item("RICE", "Grain"))
    await books.put(sale("LONG", "2026-04-01", *[("RICE", 1.0)] * LINES))
    await books.transform("lines")
    await put_snapshot(make_world().snapshot(), datetime.now(UTC))
    database = books.business.name.removesuffix("-business")
    token = put_account(mongodb_uri, database, "reader", links={"site": EMPLOYEE})
    async with Inside(mongodb_uri, database) as inside:
        app: Any = inside.app
        datasets = Datasets(books.registry, app.services.snapshots, frozenset({"site"}))
        app.services = replace(app.services, datasets=datasets)
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            serve(app) as url,
            httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client,
        ):
            yield client


async def disable() -> None:
    await Account.get_pymongo_collection().update_one({}, {"$set": {"is_disabled": True}})


async def narrow() -> None:
    world = make_world().permit("Customer", "Somebody")
    await put_snapshot(replace(world.snapshot(), version="2"), datetime.now(UTC))


async def read_on(parts: AsyncIterator[bytes], read: list[bytes]) -> None:
    async for part in parts:
        read.append(part)  # noqa: PERF401 what came before the end is kept


async def test_an_export_is_whole_for_whoever_may_see_it(reader: httpx.AsyncClient):
    assert len((await reader.get(EXPORT)).text.splitlines()) == LINES


@pytest.mark.parametrize("take_away", [disable, narrow])
async def test_what_is_taken_away_breaks_a_running_export_off(
    reader: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    take_away: Callable[[], Awaitable[None]],
):
    # At each row it is looked up anew who reads and what they may see.
    monkeypatch.setattr("warehouse.dashboards.rows.LOOK_AGAIN_S", 0.0)
    for room in ("accounts.identity", "access.snapshots"):
        monkeypatch.setattr(f"warehouse.{room}.REMEMBERED_S", 0.0)
    monkeypatch.setattr("api.exports.BATCH_ROWS", 10)
    read: list[bytes] = []
    async with reader.stream("GET", EXPORT) as answer:
        parts = answer.aiter_bytes()
        read.append(await anext(parts))
        await take_away()
        with pytest.raises(httpx.RemoteProtocolError):
            await read_on(parts, read)
    assert 0 < b"".join(read).count(b"\n") < LINES
