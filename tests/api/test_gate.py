"""What every answer carries, whoever asked and whatever came of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.api.serving import ApiProcess

ANSWERS = ["/health/live", "/api/v1/instances", "/nothing", "/api/v1/runs?x=1", "/metrics"]


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_has_the_security_headers(
    client: httpx.Client, stranger: httpx.Client, path: str
):
    for asked in (client, stranger):
        headers = asked.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        policy = headers["Content-Security-Policy"]
        assert policy == "default-src 'none'; frame-ancestors 'none'"
        assert "Server" not in headers


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_has_a_request_id_that_the_log_knows(
    api: ApiProcess, stranger: httpx.Client, path: str
):
    request_id = stranger.get(path).headers["X-Request-Id"]
    assert re.fullmatch("[0-9a-f]{16}", request_id)
    api.wait_for_log(f" {request_id}\n")


def test_a_harmless_request_id_is_kept(stranger: httpx.Client):
    headers = {"X-Request-Id": "trace-1.2_3"}
    assert stranger.get("/nothing", headers=headers).headers["X-Request-Id"] == "trace-1.2_3"


@pytest.mark.parametrize("sent", ["", "a b", "a\tb", "x" * 65, "<b>", "a;b", "é".encode()])
def test_another_request_id_is_replaced(stranger: httpx.Client, sent: str | bytes):
    answer = stranger.get("/nothing", headers={"X-Request-Id": sent})
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-Id"])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_token_changes_nothing(client: httpx.Client, method: str):
    for path in ("/api/v1/instances", "/api/v1/tokens", "/api/v1/session/password", "/nothing"):
        answer = client.request(method, path, json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "token_read_only")
