import base64

import pytest

from demo.site.auth import DEMO_KEY, DEMO_SECRET
from tests.demo.conftest import TOKEN, order

LIST = "/api/resource/Customer"


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("authorization", "status", "exc_type"),
    [
        (TOKEN, 200, None),
        (TOKEN.upper().replace(DEMO_SECRET.upper(), DEMO_SECRET), 200, None),
        (basic(f"{DEMO_KEY}:{DEMO_SECRET}"), 200, None),
        (f"token {DEMO_KEY}:{DEMO_SECRET.upper()}", 401, "AuthenticationError"),
        ("token nokey:nosecret", 401, "AuthenticationError"),
        ("token nocolon", 401, "AuthenticationError"),
        ("Bearer xyz", 401, "AuthenticationError"),
        (basic("no:body"), 401, "AuthenticationError"),
        ("Basic abc", 400, "InvalidAuthorizationToken"),
        ("token", 403, "PermissionError"),
        (None, 403, "PermissionError"),
    ],
)
async def test_only_the_right_key_opens_a_list(guest, authorization, status, exc_type):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = await guest.get(LIST, headers=headers)
    assert (answer.status_code, answer.json().get("exc_type")) == (status, exc_type)
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/method/ping", 200),
        ("/api/method/frappe.client.get_time_zone", 200),
        ("/api/method/frappe.auth.get_logged_user", 403),
        ("/api/method/frappe.client.get_list?doctype=Customer", 403),
        ("/api/resource/Customer/Raju Das", 403),
        ("/api/v2/doctype/Customer/meta", 403),
        ("/api/v2/doctype/Customer/count", 403),
    ],
)
async def test_a_guest_gets_little(guest, path, status):
    assert (await guest.get(path)).status_code == status


async def test_an_old_session_cookie_is_told_so(guest):
    answer = await guest.get(LIST, headers={"Cookie": "sid=0123456789abcdef"})
    assert answer.status_code == 403
    assert answer.json()["session_expired"] == 1


@pytest.mark.parametrize(
    ("path", "status", "exc_type"),
    [
        ("/api/resource/No Such", 404, "DoesNotExistError"),
        ("/api/resource/No Such/x", 500, "ImportError"),
        ("/api/resource/customer", 500, "ProgrammingError"),
        ("/api/resource/Customer/nope", 404, "DoesNotExistError"),
        ("/api/resource/Settings", 500, "ProgrammingError"),
        ("/api/resource/Secret", 403, "PermissionError"),
        ("/api/resource/Secret/x", 403, "PermissionError"),
        ("/api/method/frappe.no.such", 417, "ValidationError"),
        ("/api/method/frappe.client.get_list", 500, "TypeError"),
        ("/api/nothing/here", 404, "DoesNotExistError"),
        ("/elsewhere", 404, "DoesNotExistError"),
    ],
)
async def test_what_is_not_there_is_refused_as_frappe_does(client, path, status, exc_type):
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["exc_type"]) == (status, exc_type)
    assert answer.headers["content-type"] == "application/json"


async def test_version_two_has_its_own_shape_of_errors(client):
    answer = await client.get("/api/v2/document/Customer/nope")
    assert answer.status_code == 404
    (error,) = answer.json()["errors"]
    assert error["type"] == "DoesNotExistError"
    assert error["message"] == "Customer nope not found"


async def test_nothing_is_written_over_the_api(client):
    for method in ("POST", "PUT", "DELETE"):
        answer = await client.request(method, f"{LIST}/Raju Das", json={"territory": "x"})
        assert answer.status_code == 403
    assert (await client.get(f"{LIST}/Raju Das")).json()["data"]["territory"] == "Telangana"


async def test_errors_are_pages_for_who_prefers_html_and_lists_stay_json(client):
    answer = await client.get("/api/resource/Secret", headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!DOCTYPE html>")
    answer = await client.get("/api/resource/Secret", headers={"Accept": "*/*"})
    assert answer.json()["exc_type"] == "PermissionError"
    answer = await client.get(LIST, headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "application/json"


async def test_a_long_request_line_never_reaches_frappe(client):
    room = 4094 - len("GET /api/resource/Customer?a= HTTP/1.1")
    assert (await client.get(f"{LIST}?a={'x' * room}")).status_code == 200
    answer = await client.get(f"{LIST}?a={'x' * (room + 1)}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/html"
    assert "set-cookie" not in answer.headers


async def test_answers_carry_guest_cookies_and_nothing_to_cache_by(client):
    answer = await client.get(LIST, headers={"Accept-Encoding": "gzip"})
    cookies = [cookie.split("=")[0] for cookie in answer.headers.get_list("set-cookie")]
    assert cookies == ["sid", "system_user", "full_name", "user_id", "user_image"]
    for header in ("etag", "last-modified", "cache-control", "content-encoding"):
        assert header not in answer.headers


async def test_head_answers_without_a_body(client):
    answer = await client.head(LIST)
    assert answer.status_code == 200
    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 0


async def test_tracebacks_can_be_forbidden(client, site):
    shown = (await client.get("/api/resource/Secret")).json()
    assert {"exc", "exception"} <= shown.keys()
    order(site, "describe", doctype="System Settings", values={"issingle": 1})
    document = {"name": "System Settings", "allow_error_traceback": 0}
    order(site, "insert", doctype="System Settings", document=document)
    hidden = (await client.get("/api/resource/Secret")).json()
    assert hidden.keys() & {"exc", "exception"} == set()
    assert hidden["exc_type"] == "PermissionError"
