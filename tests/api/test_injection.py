"""What an attacker would send: refused, or taken as text that matches nothing; never a 500."""

from __future__ import annotations

import itertools
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import httpx
import pytest

from tests.api.doors import PORTAL_PASSWORD, SESSION
from tests.api.serving import TOKEN

if TYPE_CHECKING:
    from tests.api.doors import Doors
    from tests.api.serving import ApiProcess

BASE = "/api/v1/instances/site/doctypes"
DOCUMENTS = f"{BASE}/Customer/documents"
LINES = "/api/v1/datasets/sales_lines"
HOSTILE = [
    '{"$gt": ""}',
    '{"$ne": null}',
    "[$ne]",
    "$where",
    "';return true;//",
    "' OR '1'='1",
    "(a+)+$",
    "(?:" + "a?" * 60 + ")" + "a" * 60,
    ".*",
    "^",
    "[",
    "\\",
    "\\E.*\\Q",
    "(?s).",
    "\x00",
    "a\x00b",
    "\ud7ff\U0010ffff",
    "%00",
    "%c0%ae%c0%ae",
    "../../etc/passwd",
    "\r\nSet-Cookie: a=b",
    "\u202e",
    "-1",
    "NaN",
    "1e400",
    "9" * 150,
    "[" * 150,
]
PARAMETERS = [
    "customer_name__exact",
    "customer_name__contains",
    "customer_name__startswith",
    "customer_name__in",
    "customer_name__between",
    "name__exact",
    "modified__gt",
    "docstatus__exact",
    "disabled__exact",
    "sort",
    "fields",
    "cursor",
    "size",
    "count",
]


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_hostile_values_are_refused_or_match_nothing(client: httpx.Client, parameter: str):
    for value in HOSTILE:
        answer = client.get(DOCUMENTS, params={parameter: value})
        if answer.status_code != 400:
            assert answer.status_code == 200
            assert answer.json()["items"] == []


@pytest.mark.parametrize(
    ("route", "parameter"),
    [
        *itertools.product(["rows", "query?measure=net"], ["customer__exact", "customer__in"]),
        *itertools.product(["rows"], ["customer__contains", "posting_date__gt", "net__exact"]),
        ("export.csv", "customer__contains"),
    ],
)
def test_hostile_values_of_columns_are_refused_or_match_nothing(
    client: httpx.Client, route: str, parameter: str
):
    for value in HOSTILE:
        url = httpx.URL(f"{LINES}/{route}").copy_merge_params({parameter: value})
        answer = client.get(url)
        if answer.status_code != 400:
            assert answer.status_code == 200
            is_csv = route.endswith(".csv")
            assert not (answer.text.splitlines()[1:] if is_csv else answer.json()["items"])


@pytest.mark.parametrize(
    ("route", "parameter"),
    [
        *itertools.product(["rows"], ["sort", "fields", "cursor", "customer.$gt__exact"]),
        *itertools.product(["query"], ["measure", "by", "$where", "build_id__exact"]),
    ],
)
def test_hostile_words_are_no_columns(client: httpx.Client, route: str, parameter: str):
    for value in HOSTILE:
        needed = {"measure": "net"} if route == "query" else {}
        answer = client.get(f"{LINES}/{route}", params={**needed, parameter: value})
        assert answer.status_code == 400


@pytest.mark.parametrize("slug", HOSTILE)
def test_hostile_names_of_datasets_are_not_found(client: httpx.Client, slug: str):
    path = f"/api/v1/datasets/{quote(slug, safe='')}"
    for route in ("", "/rows", "/query?measure=net", "/export.csv"):
        assert client.get(path + route).status_code == 404


@pytest.mark.parametrize(
    "parameter",
    [
        *(
            "customer_name[$ne]",
            "customer_name[$regex]",
            "$where",
            "$or",
            "customer_name.$gt__exact",
        ),
        *("__exact", "__proto__", "customer_name____exact", "document_data.customer_name__exact"),
        *(
            "_id__exact",
            "content_hash__exact",
            "run_id__exact",
            "owner_lc__exact",
            "doctype__exact",
        ),
        *("items.$where__exact", "accounts.parent.x__exact", "customer_name__regex", "\x00__exact"),
    ],
)
def test_hostile_names_are_refused(client: httpx.Client, parameter: str):
    answer = client.get(DOCUMENTS, params={parameter: "x"})
    assert answer.status_code == 400
    assert answer.json()["code"] in {"unknown_parameter", "unknown_field", "unknown_operator"}


def test_searching_takes_no_longer_for_a_pattern_that_would_explode(client: httpx.Client):
    started = time.perf_counter()
    for value in ("(a+)+$" + "a" * 100, "(x+x+)+y" * 20):
        params = {"title__contains": value}
        assert client.get(f"{BASE}/Sales Invoice/documents", params=params).json()["items"] == []
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_documents_are_not_found(client: httpx.Client, name: str):
    assert client.get(f"{DOCUMENTS}/{quote(name, safe='')}").status_code == 404
    by_name = client.get(f"{BASE}/Customer/document", params={"name": name})
    assert by_name.status_code == 404
    assert client.get(f"{BASE}/{quote(name, safe='')}").status_code == 404
    assert client.get(f"/api/v1/runs/{quote(name, safe='')}").status_code == 404


RAW_PATHS = [
    f"{DOCUMENTS}/../../User/documents",
    f"{DOCUMENTS}/..%2f..%2fUser/documents",
    f"{DOCUMENTS}/%2e%2e/%2e%2e/User",
    f"{BASE}/Customer%2Fdocuments/documents",
    f"{BASE}/Customer%2Fdocuments%2Fx/documents/y",
    "/api/v1/instances/site%2Fdoctypes%2FUser/documents/x",
    "/api/v1//instances//site/doctypes/User/documents",
    f"{BASE}/User/documents/Administrator",
    f"{BASE}/User%00/documents",
    f"{BASE}/user/documents",
    f"{BASE}/Customer/documents/%ff%fe",
    f"{BASE}/Customer;x=y/documents",
    "//api/v1/instances/site/doctypes/User",
    "/api/v1/instances/./site/doctypes/User",
    f"{DOCUMENTS}/%",
    f"{DOCUMENTS}/%zz",
]


@pytest.mark.parametrize("path", RAW_PATHS)
def test_no_path_leads_around_the_rules(api: ApiProcess, path: str):
    """Sent as they are: a client would tidy them up."""
    assert send_raw(api, path).startswith(b"HTTP/1.1 404 ")


def test_absurd_requests_are_refused(api: ApiProcess, client: httpx.Client):
    many = "&".join(f"docstatus__exact={number}" for number in range(2000))
    assert client.get(f"{DOCUMENTS}?{many}").json()["code"] == "too_many_filters"
    values = ",".join(["1"] * 10_000)
    assert client.get(f"{DOCUMENTS}?docstatus__in={values}").json()["code"] == "invalid_value"
    assert client.get(f"{DOCUMENTS}/{'x' * 20_000}").status_code == 404
    huge = send_raw(api, f"{DOCUMENTS}?size={'9' * 100_000}")
    assert huge[9:12] in {b"400", b"414", b"431"}
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        *(b"[" * 1500, b'{"a":' * 3000, b'{"username":' + b"[" * 1500, b'{"x":' + b"[" * 3000),
        b"[" * 900 + b"]" * 900,
    ],
)
def test_a_body_nested_too_deeply_is_refused(doors: Doors, body: bytes):
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    stranger, signed_in = doors.browser(), doors.sign_in("vera")
    answers = [
        stranger.post(SESSION, content=body),
        signed_in.post("/api/v1/tokens", content=body),
        signed_in.post(f"{SESSION}/links", content=body),
        signed_in.put(f"{SESSION}/password", content=body),
    ]
    assert [answer.status_code for answer in answers] == [400] * 4
    assert "Traceback" not in doors.api.log


def send_raw(api: ApiProcess, path: str) -> bytes:
    parts = urlsplit(api.url)
    request = (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Connection: close\r\n\r\n"
    )
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(request.encode("latin-1"))
        answer = b""
        while received := connection.recv(65536):
            answer += received
    return answer
