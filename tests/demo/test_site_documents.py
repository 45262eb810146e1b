from urllib.parse import quote

import pytest

from tests.demo.conftest import CUSTOMERS, rows_of

READABLE = [row[0] for row in CUSTOMERS if not row[0].endswith("/")]


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("base", ["/api/resource", "/api/v2/document"])
async def test_any_name_is_read_by_path_when_quoted(client, base, name):
    answer = await client.get(f"{base}/Customer/{quote(name, safe='')}")
    assert answer.status_code == 200
    assert answer.json()["data"]["name"] == name


async def test_a_slash_in_a_name_may_be_bare(client):
    answer = await client.get("/api/resource/Sales Invoice/INV/3")
    assert answer.json()["data"]["name"] == "INV/3"


async def test_a_name_that_ends_in_a_slash_is_read_by_parameter_only(client):
    path = f"/api/resource/Customer/{quote('Trailing Slash/', safe='')}"
    assert (await client.get(path)).status_code == 404
    params = {"doctype": "Customer", "name": "Trailing Slash/"}
    answer = await client.get("/api/method/frappe.client.get", params=params)
    assert answer.json()["message"]["name"] == "Trailing Slash/"


async def test_a_name_is_found_in_any_case_and_answers_with_its_own(client):
    answer = await client.get("/api/resource/Customer/RAJU%20DAS%20")
    assert answer.json()["data"]["name"] == "Raju Das"


async def test_a_single_read_leaves_nulls_out_and_client_get_keeps_them(client):
    path = f"/api/resource/Customer/{quote('రైతు మిత్ర', safe='')}"
    single = (await client.get(path)).json()["data"]
    assert "territory" not in single
    assert single["display"] == "x"
    params = {"doctype": "Customer", "name": "రైతు మిత్ర"}
    whole = (await client.get("/api/method/frappe.client.get", params=params)).json()["message"]
    assert whole["territory"] is None
    assert {key: value for key, value in whole.items() if value is not None} == single


async def test_children_stand_inside_in_order_with_their_doctype(client):
    single = (await client.get("/api/resource/Sales Invoice/INV-1")).json()["data"]
    assert [row["idx"] for row in single["items"]] == [1, 2, 3]
    assert {row["doctype"] for row in single["items"]} == {"Sales Invoice Item"}
    assert "customer" not in single["items"][0]
    empty = (await client.get("/api/resource/Sales Invoice/INV-2")).json()["data"]
    assert empty["items"] == []


async def test_a_list_row_with_its_child_rows_is_the_single_read(client):
    """But for nulls, `doctype` and virtual fields."""
    (row,) = await rows_of(client, "Sales Invoice", fields=["*"], filters={"name": "INV-1"})
    children = await rows_of(
        client,
        "Sales Invoice Item",
        parent="Sales Invoice",
        fields=["*"],
        filters=[["parent", "=", "INV-1"]],
        order_by="parentfield asc, idx asc",
    )
    whole = {
        **row,
        "doctype": "Sales Invoice",
        "items": [{**child, "doctype": "Sales Invoice Item"} for child in children],
    }
    params = {"doctype": "Sales Invoice", "name": "INV-1"}
    read = await client.get("/api/method/frappe.client.get", params=params)
    assert read.json()["message"] == whole


async def test_a_child_row_is_read_by_its_name(client):
    answer = await client.get("/api/resource/Sales Invoice Item/INV-1-items-2")
    assert answer.json()["data"]["parent"] == "INV-1"


async def test_a_single_is_read_with_and_without_its_name(client):
    by_path = (await client.get("/api/resource/Settings/Settings")).json()["data"]
    assert (by_path["idx"], by_path["rate"]) == ("0", 2.5)
    assert "note" not in by_path
    by_method = await client.get("/api/method/frappe.client.get", params={"doctype": "Settings"})
    assert by_method.json()["message"]["note"] is None
    params = {"doctype": "Settings", "field": "rate"}
    value = await client.get("/api/method/frappe.client.get_single_value", params=params)
    assert value.json() == {"message": 2.5}


async def test_client_get_finds_by_filters(client):
    params = {"doctype": "Customer", "filters": '{"territory": "Telangana", "balance": 10.5}'}
    answer = await client.get("/api/method/frappe.client.get", params=params)
    assert answer.json()["message"]["name"] == "Raju Das"


async def test_metas_come_alone_or_with_those_of_the_child_tables(client):
    meta = (await client.get("/api/v2/doctype/Sales Invoice/meta")).json()["data"]
    assert meta["name"] == "Sales Invoice"
    params = {"doctype": "Sales Invoice"}
    form = await client.get("/api/method/frappe.desk.form.load.getdoctype", params=params)
    assert [each["name"] for each in form.json()["docs"]] == ["Sales Invoice", "Sales Invoice Item"]
    assert form.json()["user_settings"] == "{}"
    cached = {**params, "cached_timestamp": meta["modified"]}
    form = await client.get("/api/method/frappe.desk.form.load.getdoctype", params=cached)
    assert form.json()["message"] == "use_cache"
    assert "docs" not in form.json()


async def test_counts_of_both_versions(client):
    filters = '[["territory", "=", "Odisha"]]'
    params = {"doctype": "Customer", "filters": filters}
    for method in ("frappe.client.get_count", "frappe.desk.reportview.get_count"):
        assert (await client.get(f"/api/method/{method}", params=params)).json() == {"message": 3}
    second = "/api/v2/doctype/Customer/count"
    assert (await client.get(second, params={"filters": filters})).json() == {"data": 3}
    assert (await client.get(second)).json() == {"data": len(CUSTOMERS)}


async def test_what_describes_the_site(client):
    base = "/api/method/"
    assert (await client.get(base + "ping")).json() == {"message": "pong"}
    zone = (await client.get(base + "frappe.client.get_time_zone")).json()
    assert zone == {"message": {"time_zone": "Asia/Kolkata"}}
    apps = (await client.get(base + "frappe.utils.change_log.get_versions")).json()["message"]
    assert apps["frappe"]["version"] == "15.44.2"
    user = (await client.get(base + "frappe.auth.get_logged_user")).json()
    assert user == {"message": "integration@csa.example"}
