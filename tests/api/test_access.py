"""Who gets in: nobody without the token but for health checks; and what is not there for anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.published import document
from tests.api.serving import TOKEN

if TYPE_CHECKING:
    import httpx

    from tests.api.serving import ApiProcess

OPEN = {"/health/live", "/health/ready"}
FILLED = {
    "{instance}": "site",
    "{doctype}": "Customer",
    "{name}": "anything",
    "{slug}": "sales_lines",
    "{run_id}": "site-00000001",
}


def fill(template: str) -> str:
    for part, value in FILLED.items():
        template = template.replace(part, value)
    return template


PATHS = sorted(
    {fill(template) for template in document()["paths"]}
    | {"/schema/openapi.json", "/", "/nothing", "/api/v1", "/schema", "/health", "/health/live/"}
)


@pytest.mark.parametrize("path", [path for path in PATHS if path not in OPEN])
def test_a_stranger_is_told_to_sign_in_whatever_the_path(stranger: httpx.Client, path: str):
    answer = stranger.get(path)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_a_stranger_learns_nothing_by_another_method(stranger: httpx.Client, method: str):
    assert stranger.build_request(method, "/").method == method
    for path in ("/api/v1/instances", "/nothing", "/metrics"):
        answer = stranger.request(method, path, headers={"Connection": "close"})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "authorization",
    [
        *("", "Bearer", f"Bearer  {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"),
        *(f"Basic {TOKEN}", TOKEN, f"token {TOKEN}", f"Bearer {TOKEN.upper()}"),
    ],
)
def test_only_the_whole_token_opens(stranger: httpx.Client, authorization: str):
    answer = stranger.get("/api/v1/instances", headers={"Authorization": authorization})
    assert answer.status_code == 401


def test_the_scheme_may_be_written_in_any_case(stranger: httpx.Client):
    headers = {"Authorization": f"bEARER {TOKEN}"}
    assert stranger.get("/api/v1/instances", headers=headers).status_code == 200


@pytest.mark.parametrize("path", sorted(OPEN))
def test_health_asks_for_no_token(stranger: httpx.Client, path: str):
    assert stranger.get(path).json() == {"status": "ok"}


NOWHERE = [
    "/nothing",
    "/api/v1/instances/nowhere",
    "/api/v1/instances/nowhere/doctypes",
    "/api/v1/instances/nowhere/doctypes/Customer",
    "/api/v1/instances/nowhere/doctypes/Customer/documents",
    "/api/v1/instances/nowhere/doctypes/Customer/documents/x",
    "/api/v1/instances/nowhere/doctypes/Customer/document?name=x",
    "/api/v1/instances/site/doctypes/Nothing",
    "/api/v1/instances/site/doctypes/Nothing/documents",
    "/api/v1/instances/site/doctypes/Nothing/documents/x",
    "/api/v1/instances/site/doctypes/Customer/documents/nobody",
    "/api/v1/instances/site/doctypes/Customer/document?name=nobody",
    "/api/v1/instances/other/doctypes/Customer/documents",
    "/api/v1/runs/nothing",
    "/api/v1/runs?instance=nowhere",
]


@pytest.mark.parametrize("path", NOWHERE)
def test_nothing_is_found_where_there_is_nothing(client: httpx.Client, path: str):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json() == client.get("/nothing").json()


# Stored but not served, read by the engine alone, and parts of other documents.
HIDDEN = ["Accounts Settings", "Comment", "User", "Custom Field", "DocType", "Sales Invoice Item"]


@pytest.mark.parametrize("doctype", HIDDEN)
def test_a_doctype_that_is_not_served_is_as_good_as_absent(client: httpx.Client, doctype: str):
    base = f"/api/v1/instances/site/doctypes/{doctype}"
    for path in ("", "/documents", f"/documents/{doctype}", f"/document?name={doctype}"):
        answer = client.get(f"{base}{path}")
        assert answer.json() == client.get("/nothing").json()
    items = client.get("/api/v1/instances/site/doctypes").json()["items"]
    assert doctype not in {item["doctype"] for item in items}


def test_a_stored_doctype_that_is_not_served_is_there_all_the_same(client: httpx.Client):
    """Otherwise the test above would show nothing."""
    status = client.get("/api/v1/freshness").json()["items"][1]
    assert "Accounts Settings" in {one["doctype"] for one in status["doctypes"]}


def test_what_is_asked_is_not_logged(api: ApiProcess, client: httpx.Client, stranger: httpx.Client):
    base = "/api/v1/instances/site/doctypes/Customer"
    client.get(f"{base}/documents?customer_name__exact=Vasundhara&sort=name")
    client.get(f"{base}/documents/Vasundhara")
    headers = {"Authorization": "Bearer Vasundhara", "X-Request-Id": "the-last-one"}
    stranger.get(f"{base}/documents/Vasundhara", headers=headers)
    api.wait_for_log("the-last-one")
    for words in ("Vasundhara", "customer_name", TOKEN, "Customer"):
        assert words not in api.log
    assert "GET /api/v1/instances/{instance}/doctypes/{doctype}/documents 200" in api.log
    assert "GET - 401" in api.log
