import json
import operator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.site.collation import text_key
from demo.site.dataset import Dataset
from demo.site.query import ListRequest, Query
from demo.site.tables import Store
from tests.demo.conftest import CUSTOMERS, described, document, names_of, rows_of

LIST = "/api/resource/Customer"
NAMES = st.text(alphabet="aAbBéÉ _-/.%19ర🌾🚜", min_size=1, max_size=5).filter(text_key)
DAYS = ("2026-01-01 00:00:00", "2026-01-02 00:00:00")
MOMENTS = st.sampled_from([day + tail for day in DAYS for tail in ("", ".000001", ".1")])
ROWS = st.lists(st.tuples(NAMES, MOMENTS), unique_by=lambda row: text_key(row[0]), max_size=25)


def store_of(rows: list[tuple[str, str]]) -> Store:
    described_row, meta = described("Thing")
    things = [document("Thing", name, modified) for name, modified in rows]
    return Store(Dataset([described_row], {"Thing": meta}, {"Thing": things}))


def page_after(store: Store, last: dict | None, rows: int, fields: list[str]) -> list[dict]:
    request = ListRequest(fields=fields, order_by="modified asc, name asc", rows=rows)
    if last is not None:
        request = ListRequest(
            fields=fields,
            filters=[["modified", ">=", last["modified"]]],
            or_filters=[["modified", ">", last["modified"]], ["name", ">", last["name"]]],
            order_by="modified asc, name asc",
            rows=rows,
        )
    return json.loads(Query(store, store.table("Thing"), request).run().json)


@given(ROWS, st.integers(1, 7), st.sampled_from([["*"], ["name", "modified"]]))
@settings(max_examples=60, deadline=None)
def test_keyset_pages_with_ties_give_every_row_once_and_in_order(rows, page_rows, fields):
    store, seen, last = store_of(rows), [], None
    while page := page_after(store, last, page_rows, fields):
        assert len(page) <= page_rows
        seen += [(row["modified"], row["name"]) for row in page]
        last = page[-1]
    expected = sorted(((modified, name) for name, modified in rows), key=_keys)
    assert seen == expected


COMPARE = {
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
}
BOUNDS = st.lists(st.tuples(st.sampled_from(list(COMPARE)), MOMENTS), max_size=2)


@given(ROWS, BOUNDS, st.none() | NAMES, st.none() | st.tuples(MOMENTS, NAMES), st.booleans())
@settings(max_examples=200, deadline=None)
def test_whatever_is_skipped_by_an_index_would_not_have_matched(
    rows, bounds, above, either, descending
):
    store = store_of(rows)
    direction = "desc" if descending else "asc"
    filters = [["modified", sign, moment] for sign, moment in bounds]
    filters += [] if above is None else [["name", ">", above]]
    or_filters = [] if either is None else [["modified", ">", either[0]], ["name", ">", either[1]]]
    order_by = f"modified {direction}, name {direction}"
    request = ListRequest(None, filters, or_filters, order_by, rows=None)
    listed = json.loads(Query(store, store.table("Thing"), request).run().json)
    expected = [
        (modified, name)
        for name, modified in rows
        if all(COMPARE[sign](modified, moment) for sign, moment in bounds)
        and (above is None or text_key(name) > text_key(above))
        and (either is None or modified > either[0] or text_key(name) > text_key(either[1]))
    ]
    in_order = sorted(expected, key=_keys, reverse=descending)
    assert [row["name"] for row in listed] == [name for _, name in in_order]


async def test_columns_may_be_ordered_in_different_directions(client):
    found = await names_of(client, "Customer", order_by="modified asc, name desc")
    assert found[1:5] == ["Raju Das", "100% Organic", "రైతు మిత్ర", "Trailing Slash/"]


def _keys(row):
    return row[0], text_key(row[1])


async def test_a_list_shows_columns_only_with_their_nulls(client):
    (row,) = await rows_of(client, "Sales Invoice", fields=["*"], filters=[["name", "=", "INV-2"]])
    assert "items" not in row
    assert "doctype" not in row
    (customer,) = await rows_of(client, "Customer", fields=["*"], filters={"name": "రైతు మిత్ర"})
    assert customer["born"] is None
    assert "display" not in customer


async def test_a_list_shows_twenty_names_unless_told_otherwise(client):
    for number in range(30):
        (await client.post("/_control", json=_insert(f"More {number}"))).raise_for_status()
    for params, rows in [
        ({}, 20),
        ({"limit": 3}, 3),
        ({"limit_page_length": 4, "limit": 3}, 4),
        ({"limit_page_length": 0}, 37),
        ({"limit": "None"}, 37),
        ({"limit_page_length": ""}, 37),
        ({"limit_start": 35, "limit": 50}, 2),
        ({"start": 35}, 20),
    ]:
        answer = await client.get(LIST, params=params)
        assert len(answer.json()["data"]) == rows, params
        assert set(answer.json()["data"][0]) == {"name"}
    second = "/api/v2/document/Customer"
    assert len((await client.get(second, params={"limit_page_length": 3})).json()["data"]) == 20
    assert len((await client.get(second, params={"limit": 0})).json()["data"]) == 37


def _insert(name: str) -> dict:
    return {"do": "insert", "doctype": "Customer", "document": {"name": name}}


async def test_rows_come_in_no_useful_order_without_order_by(client):
    names = await names_of(client, "Customer")
    assert set(names) == {row[0] for row in CUSTOMERS}
    assert names != sorted(names, key=text_key)
    assert names == await names_of(client, "Customer")


async def test_a_json_body_replaces_the_query_string(client):
    answer = await client.request(
        "GET", LIST, params={"limit_page_length": 1}, json={"fields": ["name", "born"], "limit": 2}
    )
    assert [set(row) for row in answer.json()["data"]] == [{"name", "born"}] * 2


async def test_a_form_reads_too(client):
    form = {"doctype": "Customer", "fields": '["name"]', "limit_page_length": "2"}
    answer = await client.post("/api/method/frappe.client.get_list", data=form)
    assert len(answer.json()["message"]) == 2


async def test_child_rows_need_a_parent_that_has_them(client):
    child_list = "/api/resource/Sales Invoice Item"
    for parent, status in [(None, 403), ("Customer", 403), ("Nope", 403), ("Sales Invoice", 200)]:
        params = {} if parent is None else {"parent": parent}
        answer = await client.get(child_list, params=params)
        assert answer.status_code == status, parent
    assert len(answer.json()["data"]) == 5


async def test_child_rows_of_the_parents_asked_for_come_whole_and_unordered(client):
    rows = await rows_of(
        client,
        "Sales Invoice Item",
        parent="Sales Invoice",
        fields=["*"],
        filters=[["parenttype", "=", "Sales Invoice"], ["parent", "in", ["inv-1", "INV-2"]]],
    )
    assert [row["idx"] for row in rows] == [3, 2, 1]
    assert {row["parent"] for row in rows} == {"INV-1"}
    assert rows[0]["customer"] is None
    assert "doctype" not in rows[0]
    ordered = await names_of(
        client,
        "Sales Invoice Item",
        parent="Sales Invoice",
        order_by="parent asc, parentfield asc, idx asc",
    )
    assert ordered == [
        *("INV-1-items-1", "INV-1-items-2", "INV-1-items-3"),
        *("INV/3-items-1", "INV/3-items-2"),
    ]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (
            {"fields": ["territory", "count(name) as n"], "group_by": "territory"},
            [(None, 1), ("", 1), ("Odisha", 3), ("telangana ", 2)],
        ),
        ({"fields": ["sum(balance) as s", "max(born) as b"]}, [(27.5, "2001-01-01")]),
        ({"fields": ["min(modified)"]}, [("2026-03-01 10:00:00.000001",)]),
        (
            {"fields": ["distinct territory"], "order_by": "territory asc"},
            [(None,), ("",), ("Odisha",), ("telangana ",)],
        ),
    ],
)
async def test_groups_and_aggregates(client, params, expected):
    rows = await rows_of(client, "Customer", **params)
    assert [tuple(row.values()) for row in rows] == expected


async def test_fields_reach_into_child_tables_and_links(client):
    rows = await rows_of(
        client,
        "Sales Invoice",
        fields=["name", "items.item_code", "`tabSales Invoice Item`.qty as q", "customer.balance"],
        order_by="name asc, items.idx asc",
    )
    assert [tuple(row.values()) for row in rows] == [
        *(("INV-1", f"I-{n}", float(n), 10.5) for n in (1, 2, 3)),
        ("INV-2", None, None, 10.5),
        *(("INV/3", f"I-{n}", float(n), 7.0) for n in (1, 2)),
    ]


async def test_table_and_virtual_fields_are_dropped_silently_and_tags_are_there_by_name(client):
    (row,) = await rows_of(
        client, "Sales Invoice", fields=["name", "items", "_user_tags"], limit_page_length=1
    )
    assert set(row) == {"name", "_user_tags"}
    (row,) = await rows_of(client, "Customer", fields=["name", "display"], limit_page_length=1)
    assert set(row) == {"name"}


async def test_rows_may_come_as_arrays(client):
    answer = await client.get(
        LIST,
        params={"fields": '["name","born"]', "as_dict": "false", "order_by": "name", "limit": 1},
    )
    assert answer.json() == {"data": [["100% Organic", "1990-05-05"]]}


async def test_a_doctype_without_rows_gives_an_empty_list(client):
    assert await names_of(client, "Empty") == []
    assert (await client.get("/api/resource/Empty")).json() == {"data": []}


async def test_the_list_of_doctypes_is_a_list_like_others(client):
    rows = await rows_of(client, "DocType", fields=["name", "istable", "track_changes"])
    assert {row["name"] for row in rows if row["istable"]} == {"Sales Invoice Item"}
