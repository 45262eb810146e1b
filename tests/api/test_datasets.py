"""Datasets over HTTP: what they hold, who sees what of it, and numbers without a lost digit."""

from __future__ import annotations

import csv
import io
import json
import time
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import MongoClient

from demo.books import generate_books
from tests.api.serving import business_of
from tests.sample_books import DOCUMENTS, MIX, SEED
from warehouse.datasets.registry import load_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.api.serving import ApiProcess

BASE = "/api/v1/datasets"
LINES = f"{BASE}/sales_lines"
MONTHLY = f"{BASE}/sales_monthly"


def enter(api: ApiProcess, employee: str) -> httpx.Client:
    """Return the client of an employee of the sample company, linked to `site` alone."""
    users = [user["name"] for user in generate_books(DOCUMENTS, SEED, mix=MIX).documents["User"]]
    [user] = [user for user in users if user.startswith(f"{employee}@")]
    return api.client(api.put_account(employee, links={"site": user}))


@pytest.fixture(scope="session")
def accounts(api: ApiProcess) -> Iterator[httpx.Client]:
    """Someone who sees the books whole."""
    with enter(api, "accounts") as opened:
        yield opened


@pytest.fixture(scope="session")
def field(api: ApiProcess) -> Iterator[httpx.Client]:
    """Someone who sees what lies in one territory."""
    with enter(api, "field") as opened:
        yield opened


@pytest.fixture(scope="session")
def stock(api: ApiProcess) -> Iterator[httpx.Client]:
    """Someone who sees no invoice."""
    with enter(api, "stock") as opened:
        yield opened


def read(client: httpx.Client, path: str, **parameters: Any) -> Any:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content, parse_float=Decimal)


def read_all(client: httpx.Client, **parameters: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = read(client, f"{LINES}/rows", size=100, **parameters, **cursor)
        rows += page["items"]
        if page["next_cursor"] is None:
            return rows
        cursor = {"cursor": page["next_cursor"]}


def test_an_unknown_dataset_is_not_found(accounts: httpx.Client):
    for path in (f"{BASE}/nothing", *(f"{BASE}/nothing/{part}" for part in ("rows", "export.csv"))):
        assert accounts.get(path).status_code == 404


def test_every_dataset_is_listed_with_how_fresh_it_is(accounts: httpx.Client):
    items = {item["slug"]: item for item in read(accounts, BASE)["items"]}
    assert items.keys() == load_registry().datasets.keys()
    assert items["sales_lines"]["built_at"]
    assert items["sales_lines"]["is_aggregate"] is False
    assert items["sales_monthly"]["is_aggregate"] is True


def test_how_fresh_it_is_is_told_to_whoever_sees_a_row(field: httpx.Client, stock: httpx.Client):
    of_field = {item["slug"]: item for item in read(field, BASE)["items"]}
    of_stock = {item["slug"]: item for item in read(stock, BASE)["items"]}
    assert of_field.keys() == of_stock.keys() == load_registry().datasets.keys()
    assert of_field["sales_lines"]["built_at"]
    assert of_stock["items"]["built_at"]
    # No invoice is seen by the one, not every invoice by the other.
    for item in (of_stock["sales_lines"], of_stock["sales_monthly"], of_field["sales_monthly"]):
        assert (item["built_at"], item["as_of"], item["is_late"]) == (None, None, True)
    for told in (read(stock, LINES), read(stock, MONTHLY), read(field, MONTHLY)):
        assert (told["built_at"], told["as_of"], told["gaps"], told["failures"]) == (
            *(None, None),
            *([], {}),
        )


def test_a_description_has_schema_sources_and_checks(accounts: httpx.Client):
    found = read(accounts, LINES)
    assert found["slug"] == "sales_lines"
    columns = {column["name"]: column for column in found["columns"]}
    assert columns["customer"]["link_to"] == "Customer"
    assert columns["company"]["operators"][0] == "exact"
    measures = {measure["name"]: measure for measure in found["measures"]}
    assert measures["net"]["unit"] == "INR"
    assert {check["code"] for check in found["checks"]} >= {
        check.code for check in load_registry().get("sales_lines").checks
    }
    assert "Sales Invoice" in {source["doctype"] for source in found["sources"]}


def test_rows_come_in_pages_and_are_those_that_are_stored(accounts: httpx.Client, api: ApiProcess):
    rows = read_all(accounts)
    with MongoClient(api.mongodb_uri) as client:
        stored = client[business_of(api.database)]["sales_lines"]
        assert len(rows) == stored.count_documents({}) > 100
        [total] = stored.aggregate([{"$group": {"_id": None, "net": {"$sum": "$net"}}}])
    assert sum(row["net"] for row in rows) == total["net"].to_decimal()
    assert rows[0]["source"]["doctype"] == "Sales Invoice"
    assert "access" not in rows[0]
    assert len({(row["invoice"], row["line"]) for row in rows}) == len(rows)


def test_rows_are_filtered_sorted_and_cut_to_columns(accounts: httpx.Client):
    page = read(accounts, f"{LINES}/rows", sort="-net", size=5, fields="customer,net")
    amounts = [row["net"] for row in page["items"]]
    assert amounts == sorted(amounts, reverse=True)
    assert set(page["items"][0]) == {"customer", "net", "source"}
    customer = page["items"][0]["customer"]
    filtered = read_all(accounts, customer__exact=customer)
    assert {row["customer"] for row in filtered} == {customer}
    assert read(accounts, f"{LINES}/rows", customer__exact=customer)["count"] == len(filtered)


def test_what_there_is_not_is_refused_naming_the_nearest(accounts: httpx.Client):
    for path, said in (
        ("rows?custmer__exact=A", "customer"),
        ("rows?sort=nett", "net"),
        ("query?measure=nett", "net"),
        ("query?measure=net&by=custmer", "customer"),
        ("export.csv?fields=nett", "net"),
        ("query", "missing"),
    ):
        answer = accounts.get(f"{LINES}/{path}")
        assert answer.status_code == 400
        assert said in answer.json()["detail"]


def test_grouped_sums_are_those_of_the_rows(accounts: httpx.Client):
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in read_all(accounts):
        sums[row["month"], row["customer"]] += row["net"]
    answer = read(accounts, f"{LINES}/query", measure="net", by="month,customer")
    found = {(item["month"], item["customer"]): item["net"] for item in answer["items"]}
    assert found == sums
    assert answer["measures"][0]["kind"] == "additive"
    one = read(accounts, f"{LINES}/query", measure="net")
    assert one["items"] == [{"net": sum(sums.values())}]


def test_employees_see_the_rows_of_the_documents_that_they_may_see(
    accounts: httpx.Client, field: httpx.Client, stock: httpx.Client
):
    every, some = read_all(accounts), read_all(field)
    assert 0 < len(some) < len(every)
    territories = {row["territory"] for row in some if row["territory"]}
    assert territories == {"Telangana"}
    assert read_all(stock) == []
    assert stock.get(f"{LINES}/query?measure=net").json()["items"] == []


def test_aggregates_are_refused_naming_the_doctype(stock: httpx.Client):
    for path in ("rows", "query?measure=net", "export.csv", "export.ndjson"):
        answer = stock.get(f"{MONTHLY}/{path}")
        assert answer.status_code == 403
        assert answer.json()["code"] == "dataset_needs_full_access"
        assert "documents of " in answer.json()["detail"]
    described = read(stock, MONTHLY)
    assert described["refused"][0]["instance"] == "site"


def test_aggregates_are_given_to_those_who_see_the_books_whole(accounts: httpx.Client):
    monthly = read(accounts, f"{MONTHLY}/query", measure="net", by="month")["items"]
    lines = read(accounts, f"{LINES}/query", measure="net", by="month")["items"]
    assert monthly
    assert {item["month"] for item in monthly} <= {item["month"] for item in lines}


def test_an_operator_without_links_sees_no_figure(api: ApiProcess):
    token = api.put_account("looker", is_operator=True)
    with api.client(token) as client:
        assert read(client, f"{LINES}/rows")["items"] == []
        assert read(client, f"{LINES}/query", measure="net")["items"] == []
        assert client.get(f"{MONTHLY}/rows").json()["items"] == []
        assert read(client, BASE)["items"][0]["built_at"] is None


def test_the_audit_has_how_many_rows_were_given(accounts: httpx.Client, api: ApiProcess):
    paths = ("query?measure=net&by=company", "rows?size=2", "export.ndjson")
    ids = [f"counted-{number}" for number in range(3)]
    query, rows, export = (
        accounts.get(f"{LINES}/{path}", headers={"X-Request-Id": one})
        for path, one in zip(paths, ids, strict=True)
    )
    given = [len(query.json()["items"]), len(rows.json()["items"]), len(export.text.splitlines())]
    until = time.monotonic() + 20
    entries: list[dict[str, Any]] = []
    with MongoClient(api.mongodb_uri) as client:
        while len(entries) < len(ids) and time.monotonic() < until:
            time.sleep(0.1)
            found = client[api.database]["audit"].find({"request_id": {"$in": ids}})
            entries = list(found.sort("request_id"))
    assert [one["rows"] for one in entries] == given
    assert min(given) > 0
    assert {one["doctype"] for one in entries} == {"sales_lines"}


def test_exports_hold_what_pages_hold(accounts: httpx.Client):
    rows = read_all(accounts)
    lines = accounts.get(f"{LINES}/export.ndjson")
    assert lines.headers["content-type"] == "application/x-ndjson"
    written = [json.loads(line, parse_float=Decimal) for line in lines.content.splitlines()]
    assert written == rows
    table = accounts.get(f"{LINES}/export.csv?fields=invoice,line,net")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="sales_lines.csv"' in table.headers["content-disposition"]
    cells = list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"), newline="")))
    assert cells[0] == ["invoice", "line", "net"]
    assert [Decimal(net) for _, _, net in cells[1:]] == [row["net"] for row in rows]
