"""The API key and secret show up nowhere, however a request fails."""

from __future__ import annotations

import logging
import pickle
import traceback
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.scripted_site import KEY, SECRET, Reply, ScriptedSite, message, page, refusal
from warehouse.erpnext.client import TokenAuth
from warehouse.erpnext.query import ListQuery
from warehouse.errors import ErpError

if TYPE_CHECKING:
    from collections.abc import Iterator

AUTHORIZATION = f"token {KEY}:{SECRET}"
# An ERP, or a proxy, that repeats what it was sent.
ECHO = {
    "exception": f"frappe.exceptions.X: {AUTHORIZATION}",
    "exc": f'["Traceback: {AUTHORIZATION}"]',
    "_server_messages": f'["{AUTHORIZATION}"]',
    "message": AUTHORIZATION,
}
FAILURES: dict[str, Reply] = {
    "connect": httpx.ConnectError,
    "time-out": httpx.ReadTimeout,
    "cut body": httpx.RemoteProtocolError,
    "proxy": httpx.ProxyError,
    "unauthorized": refusal(401, "AuthenticationError", **ECHO),
    "forbidden": refusal(403, "PermissionError", **ECHO),
    "not found": refusal(404, "DoesNotExistError", **ECHO),
    "refused": refusal(417, "DataError", **ECHO),
    "throttled": refusal(429, "TooManyRequestsError", **ECHO),
    "maintenance": refusal(503, "SessionStopped", **ECHO),
    "failed": refusal(500, "OperationalError", **ECHO),
    "mistake": refusal(500, AUTHORIZATION, **ECHO),
    "no exception": refusal(400, "", **ECHO),
    "html": page(200, text=f"<html>{AUTHORIZATION}</html>"),
    "html failure": page(502, text=f"<html>{AUTHORIZATION}</html>"),
    "another shape": message({"token": AUTHORIZATION}),
    "redirect": httpx.Response(302, headers={"location": f"https://x.example.com/?{SECRET}"}),
}


async def fail(reply: Reply) -> ErpError:
    site = ScriptedSite(reply)
    async with site.client() as client:
        with pytest.raises(ErpError) as caught:
            await client.list_rows(ListQuery("Farmer"))
    assert all(request.headers["authorization"] == AUTHORIZATION for request in site.requests)
    return caught.value


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        if error.__cause__:
            yield from chain_of(error.__cause__)
        error = error.__context__


def all_texts(error: ErpError) -> str:
    texts: list[Any] = [str(error), repr(error), error.__dict__, pickle.dumps(error)]
    texts += traceback.format_exception(error)
    for link in chain_of(error):
        texts += [str(link), repr(link), link.args, vars(link)]
    return "\n".join(str(text) for text in texts)


def assert_no_secret(text: str) -> None:
    assert KEY not in text
    assert SECRET not in text


@pytest.mark.parametrize("what", FAILURES)
async def test_no_failure_shows_the_key_or_the_secret(
    what: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    caplog.set_level(logging.DEBUG)
    error = await fail(FAILURES[what])
    assert_no_secret(all_texts(error))
    logging.getLogger("test").error("it failed", exc_info=error)
    assert caplog.records
    assert_no_secret(caplog.text + "".join(str(record.__dict__) for record in caplog.records))
    assert_no_secret("".join(capfd.readouterr()))


@pytest.mark.parametrize("what", FAILURES)
async def test_no_error_leads_to_the_request_that_holds_the_key(what: str):
    for link in chain_of(await fail(FAILURES[what])):
        assert not isinstance(link, httpx.HTTPError)
        assert not hasattr(link, "_request")


@pytest.mark.parametrize("reply", [httpx.ConnectError, httpx.ReadTimeout, refusal(403), page(502)])
async def test_not_even_the_variables_of_a_traceback_show_the_secret(reply: Reply):
    error = await fail(reply)
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert_no_secret("".join(shown.format()))


async def test_an_unpickled_error_is_the_same_and_shows_no_secret():
    error = await fail(FAILURES["throttled"])
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 our own bytes
    assert copy.__dict__ == error.__dict__
    assert_no_secret(all_texts(copy))


def test_client_settings_and_auth_show_no_secret():
    client = ScriptedSite(message([])).client()
    auth = client._http.auth
    assert isinstance(auth, TokenAuth)
    parts = [client, auth, client._http, auth._instance, auth._instance.model_dump_json()]
    assert_no_secret("".join(f"{part!r} {part}" for part in parts))
    assert_no_secret(str(client._http.headers) + repr(client.__dict__))


async def test_a_request_in_flight_shows_no_secret():
    shown: list[str] = []

    def reply(request: httpx.Request) -> httpx.Response:
        shown.append(f"{request!r} {request.headers!r} {request.url} {request.extensions}")
        return message([])

    async with ScriptedSite(reply).client() as client:
        await client.list_rows(ListQuery("Farmer"))
    assert len(shown) == 1
    assert_no_secret(shown[0])
