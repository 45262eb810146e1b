"""What the client sends, and how it reads a good answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import needs_reference, recorded_body, recording
from tests.scripted_site import KEY, SECRET, ScriptedSite, make_erp, message, page
from warehouse.erpnext.client import ErpClient
from warehouse.erpnext.query import ALL_COLUMNS, ListQuery
from warehouse.errors import ErpContractBroken

AWKWARD_NAMES = [
    "A/B Agro Traders (P) Ltd",
    "ends in a slash/",
    "100% pure",
    "%2F",
    "%252F%00",
    "what?",
    "#1",
    "R&D",
    "a=b",
    "salt+pepper",
    "one;two",
    'the "best"',
    "O'Brien",
    "back\\slash",
    "..",
    "../../method/logout",
    ".",
    " spaced  out ",
    "tab\tand\nline",
    "రైతు మిత్ర సంఘం",
    "किसान",
    "🌾 farm",
    "{name}",
    '["=", "x"]',
    "null",
]


def params_of(request: httpx.Request) -> dict[str, str]:
    """Return the query as a server reads it."""
    pairs = parse_qsl(
        request.url.query.decode("ascii"), keep_blank_values=True, strict_parsing=True
    )
    return dict(pairs)


@pytest.mark.parametrize("name", AWKWARD_NAMES)
async def test_a_name_of_any_kind_arrives_unchanged(name: str):
    site = ScriptedSite(message({"name": name}))
    async with site.client() as client:
        assert await client.read("Customer", name) == {"name": name}
    (request,) = site.requests
    assert request.method == "GET"
    assert request.url.raw_path.split(b"?")[0] == b"/api/method/frappe.client.get"
    assert params_of(request) == {"doctype": "Customer", "name": name}


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=140))
def test_every_name_arrives_unchanged(name: str):
    async def read() -> httpx.Request:
        site = ScriptedSite(message({"name": name}))
        async with site.client() as client:
            await client.read("Customer", name)
        return site.requests[0]

    request = asyncio.run(read())
    assert params_of(request)["name"] == name
    assert request.url.path == "/api/method/frappe.client.get"


@pytest.mark.parametrize("name", AWKWARD_NAMES)
async def test_a_name_of_any_kind_arrives_unchanged_in_a_filter(name: str):
    site = ScriptedSite(message([]))
    async with site.client() as client:
        await client.list_rows(ListQuery("Customer", filters=(("name", "in", [name]),)))
    assert json.loads(site.requests[0].content)["filters"] == [["name", "in", [name]]]


async def test_an_integer_name_is_asked_for_by_its_digits():
    site = ScriptedSite(message({"name": 7}))
    async with site.client() as client:
        await client.read("Field Visit", 7)
    assert params_of(site.requests[0])["name"] == "7"


async def test_a_single_is_read_without_a_name():
    site = ScriptedSite(message({"name": "Farmer Settings"}))
    async with site.client() as client:
        await client.read("Farmer Settings")
    assert params_of(site.requests[0]) == {"doctype": "Farmer Settings"}


async def test_every_request_is_signed_and_asks_for_json():
    site = ScriptedSite(message([]))
    async with site.client() as client:
        await client.list_rows(ListQuery("Farmer"))
    (request,) = site.requests
    assert request.headers["authorization"] == f"token {KEY}:{SECRET}"
    assert request.headers["accept"] == "application/json"
    assert "cookie" not in request.headers
    assert KEY not in str(request.url)
    assert SECRET not in str(request.url)


async def test_a_list_is_posted_since_a_url_may_not_be_long():
    names = [f"ACC-SINV-2026-{number:05}" for number in range(5000)]
    site = ScriptedSite(message([]))
    query = ListQuery(
        "Sales Invoice Item",
        ALL_COLUMNS,
        filters=(("parent", "in", names),),
        order_by="parent asc, idx asc",
        parent="Sales Invoice",
    )
    async with site.client() as client:
        await client.list_rows(query)
    (request,) = site.requests
    assert request.method == "POST"
    assert request.url.raw_path == b"/api/method/frappe.client.get_list"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {
        "doctype": "Sales Invoice Item",
        "fields": ["*"],
        "filters": [["parent", "in", names]],
        "limit_page_length": 0,
        "order_by": "parent asc, idx asc",
        "parent": "Sales Invoice",
    }


async def test_a_list_always_has_an_order_and_a_limit():
    site = ScriptedSite(message([]))
    async with site.client() as client:
        await client.list_rows(ListQuery("Farmer"))
    body = json.loads(site.requests[0].content)
    assert body["order_by"] == "name asc"
    assert body["limit_page_length"] == 0
    assert not {"or_filters", "parent"} & body.keys()


async def test_a_count_respects_permissions_and_qualifies_its_filters():
    site = ScriptedSite(message(408))
    async with site.client() as client:
        assert await client.count("Sales Invoice", (("docstatus", "=", 1),)) == 408
    (request,) = site.requests
    assert request.url.path == "/api/method/frappe.desk.reportview.get_count"
    filters = json.loads(params_of(request)["filters"])
    assert filters == [["Sales Invoice", "docstatus", "=", 1]]


async def test_a_site_below_a_path_is_asked_below_that_path():
    site = ScriptedSite(message("asha"))
    async with site.client(url="https://example.org/erp") as client:
        await client.read_logged_user()
    assert str(site.requests[0].url) == (
        "https://example.org/erp/api/method/frappe.auth.get_logged_user"
    )


async def test_cookies_are_never_sent_back():
    cookies = [
        ("set-cookie", "sid=Guest; HttpOnly; Path=/; SameSite=Lax"),
        ("set-cookie", "system_user=no; Path=/"),
        ("set-cookie", "user_id=Guest; Path=/; Domain=example.org"),
    ]
    site = ScriptedSite(httpx.Response(200, headers=cookies, json={"message": "asha"}))
    async with site.client() as client:
        for _ in range(3):
            await client.read_logged_user()
        assert not list(client._http.cookies.jar)
    assert ["cookie" in request.headers for request in site.requests] == [False] * 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["https://evil.example.com/", "/login", "https://[bad"])
async def test_a_redirect_is_not_followed(status: int, place: str):
    site = ScriptedSite(httpx.Response(status, headers={"location": place}))
    async with site.client() as client:
        with pytest.raises(ErpContractBroken):
            await client.read_logged_user()
    assert len(site.requests) == 1


async def test_no_more_requests_are_in_flight_than_the_instance_allows():
    in_flight, most = 0, 0

    async def reply(_request: httpx.Request) -> httpx.Response:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await asyncio.sleep(0.001)
        in_flight -= 1
        return message([])

    site = ScriptedSite(message([]))
    site._reply = reply  # type: ignore[method-assign]
    async with site.client(max_concurrency=3) as client:
        parts = [client, client.part(), client.part().part()]
        queries = [part.list_rows(ListQuery("Farmer")) for part in parts for _ in range(10)]
        await asyncio.gather(*queries)
    assert most == 3
    assert client.usage.requests == 30


async def test_usage_is_counted_in_the_part_and_in_the_whole():
    site = ScriptedSite(message([{"name": 1, "modified": None, "creation": None}]))
    async with site.client() as client:
        one, other = client.part(), client.part()
        await one.list_rows(ListQuery("Farmer"))
        await one.list_rows(ListQuery("Farmer"))
        await other.part().list_rows(ListQuery("Item"))
    size = len(site.replies[0].content)  # type: ignore[union-attr]
    used = [(u.requests, u.received_bytes) for u in (one.usage, other.usage, client.usage)]
    assert used == [(2, 2 * size), (1, size), (3, 3 * size)]
    assert client.usage.seconds == pytest.approx(one.usage.seconds + other.usage.seconds)
    assert client.usage.retries == 0


async def test_a_proxy_of_the_environment_never_gets_the_key_in_clear_text(
    monkeypatch: pytest.MonkeyPatch,
):
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://proxy.example.com:3128")
    async with (
        ErpClient(make_erp(url="http://127.0.0.1:8000")) as loopback,
        ErpClient(make_erp()) as remote,
    ):
        assert not loopback._http._mounts
        assert remote._http._mounts


# --- Answers that are good


METHODS: dict[str, tuple[str, Any]] = {
    "read_time_zone": ("time_zone", "Asia/Kolkata"),
    "read_versions": ("versions_installed_apps", {"frappe": "15.44.2", "erpnext": "15.90.0"}),
    "read_logged_user": ("auth_token_ok", "integration@csa.example"),
}


@needs_reference
@pytest.mark.parametrize("method", METHODS)
async def test_the_sites_facts_are_read_as_recorded(method: str):
    name, expected = METHODS[method]
    site = ScriptedSite(httpx.Response(200, content=recorded_body(name)))
    async with site.client() as client:
        assert await getattr(client, method)() == expected
    assert site.requests[0].url.path == recording(name)["request"]["path"]


@needs_reference
async def test_a_list_is_asked_for_as_recorded():
    recorded = recording("children_post_client_get_list")
    asked = recorded["request"]["json"]
    query = ListQuery(
        asked["doctype"],
        tuple(column for column in asked["fields"]),
        filters=tuple(tuple(condition) for condition in asked["filters"]),
        order_by=asked["order_by"],
        parent=asked["parent"],
    )
    site = ScriptedSite(httpx.Response(200, content=recorded_body("children_post_client_get_list")))
    async with site.client() as client:
        assert await client.list_rows(query) == recorded["body"]["message"]
    assert json.loads(site.requests[0].content) == asked
    assert site.requests[0].url.path == recorded["request"]["path"]


@needs_reference
@pytest.mark.parametrize("name", ["single_doc_via_client_get", "get_single_doctype_no_name"])
async def test_a_single_read_is_asked_for_as_recorded(name: str):
    recorded = recording(name)
    site = ScriptedSite(httpx.Response(200, content=recorded_body(name)))
    asked = recorded["request"]["query"]
    async with site.client() as client:
        document = await client.read(asked["doctype"], asked.get("name"))
    assert document == recorded["body"]["message"]
    assert params_of(site.requests[0]) == asked


@needs_reference
async def test_metas_are_read_as_recorded():
    recorded = recording("getdoctype_customer")
    site = ScriptedSite(httpx.Response(200, content=recorded_body("getdoctype_customer")))
    async with site.client() as client:
        metas = await client.read_metas("Customer")
    assert metas == recorded["body"]["docs"]
    assert params_of(site.requests[0]) == recorded["request"]["query"]


# --- Answers of another shape


ROW = {"name": "FMR-1", "modified": None, "creation": None}
WRONG_SHAPES: dict[str, list[Any]] = {
    "list_rows": [{}, None, "x", [1], [[1]], [None], [ROW, "x"], [{"name": "FMR-1"}], [{}]],
    "count": [None, "7", 1.5, [7], True],
    "read": [None, [], "x", 1, {}, {"doctype": "Farmer"}],
    "read_time_zone": [None, "Asia/Kolkata", {}, {"time_zone": None}],
    "read_versions": [None, [], "15", {"frappe": "15.44.2"}],
    "read_logged_user": [None, {}, ["asha"]],
}
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "list_rows": (ListQuery("Farmer"),),
    "count": ("Farmer",),
    "read": ("Farmer", "FMR-1"),
    "read_metas": ("Farmer",),
}


@pytest.mark.parametrize(
    ("method", "content"),
    [(key, shape) for key, shapes in WRONG_SHAPES.items() for shape in shapes],
)
async def test_an_answer_of_another_shape_breaks_the_contract(method: str, content: Any):
    site = ScriptedSite(message(content))
    async with site.client() as client:
        with pytest.raises(ErpContractBroken):
            await getattr(client, method)(*ARGUMENTS.get(method, ()))
    assert len(site.requests) == 1


@pytest.mark.parametrize("method", [*WRONG_SHAPES, "read_metas"])
@pytest.mark.parametrize("reply", [httpx.Response(200, json={"data": []}), page(200)])
async def test_an_answer_without_a_message_breaks_the_contract(method: str, reply: httpx.Response):
    site = ScriptedSite(reply)
    async with site.client() as client:
        with pytest.raises(ErpContractBroken):
            await getattr(client, method)(*ARGUMENTS.get(method, ()))


META = {"name": "Farmer", "fields": []}


@pytest.mark.parametrize(
    "docs",
    [
        *(None, [], {}, [None], ["Farmer"], [{}], [{"name": "Farmer"}]),
        *([{"name": "farmer", "fields": []}], [META, None], [META, {"name": "Farmer Crop"}]),
    ],
)
async def test_metas_of_another_shape_break_the_contract(docs: Any):
    site = ScriptedSite(httpx.Response(200, json={"docs": docs}))
    async with site.client() as client:
        with pytest.raises(ErpContractBroken):
            await client.read_metas("Farmer")
