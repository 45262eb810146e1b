"""When it goes wrong behind the API: a stable code, and nothing of what is inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bson.int64 import Int64
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import AutoReconnect, ExecutionTimeout, OperationFailure

from api.app import create_app
from tests.api.inside import Inside
from tests.snapshots import put_snapshot
from tests.warehouse.access.worlds import EMPLOYEE, World, read_rule
from tests.warehouse.reading.samples import DOCTYPE, METAS, store
from warehouse.documents.control import CatalogEntry
from warehouse.errors import ConfigurationError, QueryTooSlow
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from warehouse.reading.documents import Documents

DOCUMENTS = f"/api/v1/instances/site/doctypes/{DOCTYPE}/documents"


@pytest.fixture
async def inner(
    mongodb_uri: str, database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve one made-up DocType from this process, where things can be made to fail."""
    # What fails must be the read, not the look-up of the token.
    monkeypatch.setattr("warehouse.accounts.identity.REMEMBERED_S", 600.0)
    world = World().grant(DOCTYPE, read_rule())
    world.add_doctype(METAS[0])
    world.add_doctype(METAS[1], is_child=True)
    await put_snapshot(world.snapshot())
    await CatalogEntry(instance="site", doctype=DOCTYPE, policy="ordinary", metas=METAS).insert()
    await store([{"name": "A", "qty": 1}, {"name": "B", "qty": 2**40}])
    async with Inside(mongodb_uri, database.name) as inside:
        yield await inside.sign_in("reader", site=EMPLOYEE)


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("pymongo.asynchronous.database.AsyncDatabase.command", fail)
    monkeypatch.setattr("pymongo.asynchronous.database.AsyncDatabase.cursor_command", fail)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ExecutionTimeout("secret words"), 503, "query_too_slow"),
        (OperationFailure("secret words", 292), 503, "query_too_slow"),
        (AutoReconnect("secret words"), 503, "datastore_unavailable"),
        (OperationFailure("secret words", 8000), 500, "internal_error"),
        (RuntimeError("secret words"), 500, "internal_error"),
    ],
)
async def test_an_error_behind_has_a_code_and_tells_nothing(
    inner: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    code: str,
):
    assert (await inner.get(DOCUMENTS)).status_code == 200
    with monkeypatch.context() as patch:
        fail_with(patch, error)
        for path in (DOCUMENTS, f"{DOCUMENTS}/A"):
            answer = await inner.get(path)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            assert "secret" not in answer.text
            assert ("Retry-After" in answer.headers) == (status == 503)


async def test_a_broken_connection_is_tried_once_more(
    inner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    command, broken = AsyncDatabase.command, [True]

    async def break_once(*arguments: Any, **options: Any) -> Any:
        if broken.pop() if broken else False:
            raise AutoReconnect
        return await command(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr("pymongo.asynchronous.database.AsyncDatabase.command", break_once)
        assert (await inner.get(f"{DOCUMENTS}/A")).status_code == 200
    assert not broken


async def test_a_count_that_takes_too_long_does_not_hold_up_the_page(
    inner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr("warehouse.reading.documents.Documents.count", _time_out)
        page = (await inner.get(f"{DOCUMENTS}?size=1")).json()
        assert (len(page["items"]), page["count"], page["count_capped"]) == (1, None, False)
        exact = await inner.get(f"{DOCUMENTS}?size=1&count=exact")
        assert exact.json()["code"] == "query_too_slow"


async def _time_out(self: Documents, *_: Any, **__: Any) -> None:
    raise QueryTooSlow


async def test_readiness_tells_when_mongodb_does_not_answer(
    inner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    assert (await inner.get("/health/ready")).status_code == 200
    with monkeypatch.context() as patch:
        fail_with(patch, AutoReconnect("secret words"))
        answer = await inner.get("/health/ready")
        assert answer.json()["code"] == "datastore_unavailable"
        assert (await inner.get("/health/live")).status_code == 200


async def test_long_integers_are_sent_as_they_are(
    inner: httpx.AsyncClient, database: AsyncDatabase[dict[str, Any]]
):
    row = await database["erp_site"].find_one({"name": "B"})
    assert row
    assert isinstance(row["document_data"]["qty"], Int64)
    assert (await inner.get(f"{DOCUMENTS}/B")).json()["document"]["qty"] == 2**40
    first = (await inner.get(f"{DOCUMENTS}?size=1&sort=-qty&fields=qty")).json()
    assert first["items"][0]["document"]["qty"] == 2**40
    follow = f"{DOCUMENTS}?size=1&sort=-qty&fields=qty&cursor={first['next_cursor']}"
    assert (await inner.get(follow)).json()["items"][0]["name"] == "A"


@pytest.mark.parametrize("policy", ["stored_not_served", "engine_only", "never_pulled", "else"])
async def test_a_doctype_of_any_other_policy_is_not_served(inner: httpx.AsyncClient, policy: str):
    await CatalogEntry.get_pymongo_collection().update_one({}, {"$set": {"policy": policy}})
    for path in (DOCUMENTS, f"{DOCUMENTS}/A", DOCUMENTS.removesuffix("/documents")):
        assert (await inner.get(path)).status_code == 404


def test_without_its_key_the_api_does_not_start():
    with pytest.raises(ConfigurationError, match="CSA_SECRET_KEY") as failed:
        create_app(load_settings({}, env_file=None))
    assert "token_urlsafe" in failed.value.cure
