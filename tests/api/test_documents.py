"""Lists of documents and single ones, as the engine stored them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    import httpx

INVOICES = "/api/v1/instances/site/doctypes/Sales Invoice"
CUSTOMERS = "/api/v1/instances/site/doctypes/Customer"
KEYS = {"instance", "doctype", "name", "erp_modified", "synced_at", "verified_at", "document"}


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


def test_a_list_has_the_parts_that_were_promised(client: httpx.Client):
    page = client.get(f"{INVOICES}/documents").json()
    assert set(page) == {"items", "next_cursor", "count", "count_capped", "facets", "as_of"}
    assert page["facets"] is None
    assert page["as_of"]
    assert page["count"] >= len(page["items"]) == 50
    for item in page["items"]:
        assert set(item) == KEYS
        assert (item["instance"], item["doctype"]) == ("site", "Sales Invoice")
        assert item["verified_at"] == page["as_of"]


def test_a_list_begins_with_what_changed_last(client: httpx.Client):
    items = client.get(f"{INVOICES}/documents").json()["items"]
    changed = [item["erp_modified"] for item in items]
    assert changed == sorted(changed, reverse=True)


def test_a_list_shows_few_fields_unless_told_otherwise(client: httpx.Client):
    document = client.get(f"{CUSTOMERS}/documents?size=1").json()["items"][0]["document"]
    assert {"name", "customer_name", "docstatus", "modified"} <= set(document)
    assert "creation" not in document


def test_fields_choose_what_is_shown(client: httpx.Client):
    answer = client.get(f"{INVOICES}/documents?fields=customer,items&size=3").json()
    for item in answer["items"]:
        assert set(item["document"]) == {"customer", "items"}
        assert item["document"]["items"][0]["item_code"]


def test_all_pages_together_are_the_whole_list(client: httpx.Client):
    whole = names(client.get(f"{INVOICES}/documents?size=500&sort=-posting_date,customer"))
    found: list[str] = []
    query = "size=7&sort=-posting_date,customer"
    cursor = ""
    while cursor is not None:
        follow = f"&cursor={cursor}" if cursor else ""
        answer = client.get(f"{INVOICES}/documents?{query}{follow}")
        found += names(answer)
        cursor = answer.json()["next_cursor"]
    assert found == whole
    assert len(whole) == client.get(f"{INVOICES}/documents?count=exact").json()["count"]


def test_filters_find_what_the_documents_say(client: httpx.Client):
    whole = client.get(f"{INVOICES}/documents?size=500&fields=*").json()["items"]
    customer = whole[0]["document"]["customer"]
    item = whole[0]["document"]["items"][0]["item_code"]
    total = whole[0]["document"]["grand_total"]

    def expect(query: str, holds: Any) -> None:
        found = names(client.get(f"{INVOICES}/documents?size=500&{query}"))
        expected = [one["name"] for one in whole if holds(one["document"])]
        assert found == expected
        assert expected

    expect(f"customer__exact={quote(customer)}", lambda d: d["customer"] == customer)
    expect(f"grand_total__lte={total}", lambda d: d["grand_total"] <= total)
    expect("docstatus__in=0,2", lambda d: d["docstatus"] in (0, 2))
    expect(
        f"items.item_code__exact={quote(item)}",
        lambda d: any(row["item_code"] == item for row in d["items"]),
    )


def test_counts_are_capped_exact_or_none(client: httpx.Client):
    exact = client.get(f"{INVOICES}/documents?count=exact&size=1").json()
    capped = client.get(f"{INVOICES}/documents?size=1").json()
    assert exact["count"] == capped["count"] > 50
    assert not exact["count_capped"]
    assert client.get(f"{INVOICES}/documents?count=none&size=1").json()["count"] is None


def test_a_document_is_whole(client: httpx.Client):
    listed = client.get(f"{INVOICES}/documents?size=1&fields=*").json()["items"][0]
    read = client.get(f"{INVOICES}/documents/{listed['name']}").json()
    assert read == listed
    assert set(read) == KEYS
    assert read["document"]["doctype"] == "Sales Invoice"
    assert [row["idx"] for row in read["document"]["items"]] == sorted(
        row["idx"] for row in read["document"]["items"]
    )


def test_every_document_is_found_by_its_name_in_both_forms(client: httpx.Client):
    """Among them names with quotes, question marks, percent and hash signs, slashes, Telugu."""
    listed = client.get("/api/v1/instances/site/doctypes").json()["items"]
    seen = ""
    for doctype in [one["doctype"] for one in listed if one["documents"]]:
        base = f"/api/v1/instances/site/doctypes/{quote(doctype)}"
        for name in names(client.get(f"{base}/documents?size=500")):
            one = client.get(f"{base}/documents/{quote(name, safe='')}")
            other = client.get(f"{base}/document", params={"name": name})
            assert one.json()["name"] == other.json()["name"] == name
            seen += name
    assert {"/", "?", "#", "%", "'", " "} <= set(seen)


def test_a_slash_in_a_name_may_stay_as_it_is(client: httpx.Client):
    base = "/api/v1/instances/site/doctypes"
    for doctype in [one["doctype"] for one in client.get(base).json()["items"]]:
        path = f"{base}/{quote(doctype)}/documents"
        for name in names(client.get(f"{path}?name__contains=/")):
            assert client.get(f"{path}/{quote(name)}").json()["name"] == name


def test_an_etag_spares_the_second_answer(client: httpx.Client):
    path = f"{CUSTOMERS}/documents/{quote(names(client.get(f'{CUSTOMERS}/documents'))[0])}"
    first = client.get(path)
    etag = first.headers["ETag"]
    assert etag.startswith('"')
    assert first.headers["Cache-Control"] == "private, no-cache"
    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        again = client.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_etags_differ_between_documents(client: httpx.Client):
    found = names(client.get(f"{CUSTOMERS}/documents"))
    paths = [f"{CUSTOMERS}/documents/{quote(name, safe='')}" for name in found]
    assert len({client.get(path).headers["ETag"] for path in paths}) == len(found)


def test_long_answers_are_compressed_and_documents_are_not(client: httpx.Client):
    accepts = {"Accept-Encoding": "gzip, br"}
    page = client.get(f"{INVOICES}/documents?fields=*", headers=accepts)
    assert page.headers["Content-Encoding"] == "br"
    name = page.json()["items"][0]["name"]
    assert "Content-Encoding" not in client.get(f"{INVOICES}/documents/{name}").headers
    plain = client.get(f"{INVOICES}/documents", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers


@pytest.mark.parametrize(
    ("query", "code", "parameter"),
    [
        ("size=0", "invalid_value", "size"),
        ("size=501", "invalid_value", "size"),
        ("size=many", "invalid_value", "size"),
        ("size=", "invalid_value", "size"),
        ("size=9999999999999999999999", "invalid_value", "size"),
        ("size=1&size=2", "repeated_parameter", "size"),
        ("count=all", "invalid_value", "count"),
        ("sort=nothing", "unknown_field", "sort"),
        ("sort=items", "unknown_field", "sort"),
        ("fields=nothing", "unknown_field", "fields"),
        ("cursor=made-up", "cursor_invalid", "cursor"),
        ("cursor=", "cursor_invalid", "cursor"),
        (f"cursor={'x' * 9000}", "invalid_value", "cursor"),
        ("siz=5", "unknown_parameter", "siz"),
        ("q=rice", "unknown_parameter", "q"),
        ("facet=status", "unknown_parameter", "facet"),
        ("customer=x", "unknown_parameter", "customer"),
        ("custmer__exact=x", "unknown_field", "custmer__exact"),
        ("customer__exat=x", "unknown_operator", "customer__exat"),
        ("posting_date__gt=x", "invalid_value", "posting_date__gt"),
        ("docstatus__exact=1.5", "invalid_value", "docstatus__exact"),
        ("&".join(["docstatus__exact=1"] * 21), "too_many_filters", "docstatus__exact"),
        ("=x", "unknown_parameter", ""),
    ],
)
def test_a_query_that_can_not_be_understood_names_its_parameter(
    client: httpx.Client, query: str, code: str, parameter: str
):
    answer = client.get(f"{INVOICES}/documents?{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert answer.json()["parameter"] == parameter


def test_a_cursor_of_another_query_is_refused(client: httpx.Client):
    cursor = client.get(f"{INVOICES}/documents?size=1&docstatus__exact=1").json()["next_cursor"]
    for path in (
        f"{INVOICES}/documents?size=1",
        f"{INVOICES}/documents?size=1&docstatus__exact=2",
        f"{INVOICES}/documents?size=1&docstatus__exact=1&sort=name",
        f"{CUSTOMERS}/documents?size=1&docstatus__exact=1",
    ):
        joint = "&" if "?" in path else "?"
        assert client.get(f"{path}{joint}cursor={cursor}").json()["code"] == "cursor_mismatch"
    same = f"{INVOICES}/documents?size=9&count=none&docstatus__exact=1&cursor={cursor}"
    assert client.get(same).status_code == 200
