"""What an access comes to in reads: fields that can be asked for, and fields that are shown."""

from __future__ import annotations

from dataclasses import replace

from tests.warehouse.reading.samples import MOMENT, documents_of, fields, served, store, view
from warehouse.access.verdict import OwnerBranch, RoleBranch, SharesBranch
from warehouse.reading.cursors import CursorSigner
from warehouse.reading.filters import compile_filters, parse_filters
from warehouse.reading.listing import ListRequest, read_page
from warehouse.reading.projection import whole_documents
from warehouse.reading.shown import Shown
from warehouse.reading.sorting import parse_sort
from warehouse.reading.subject import Subject

MINE = OwnerBranch("u@x")
SHARED = SharesBranch(("0001",))


def test_a_hidden_field_is_in_nothing_that_is_made_of_the_view():
    seen = view(hidden={"title", "items.qty"})
    assert "title" not in seen.columns.filterable
    assert "title" not in seen.columns.selectable
    assert "title" not in seen.columns.listed
    assert "items.qty" not in seen.columns.filterable
    assert "items.item_code" in seen.columns.filterable
    assert seen.metas[0]["title_field"] is None
    assert "title" not in {field["fieldname"] for field in seen.metas[0]["fields"]}
    assert "title" not in seen.shown.fields
    assert "qty" not in seen.shown.tables["items"]


def test_a_hidden_table_takes_its_rows_along():
    seen = view(hidden={"items", "items.item_code", "items.qty"})
    assert seen.columns.tables == ()
    assert not seen.columns.child
    assert not seen.shown.tables
    assert len(seen.metas) == 1
    document = {"name": "A", "items": [{"item_code": "X"}]}
    assert seen.shown.strip(document) == {"name": "A"}


def test_metas_of_the_access_stay_as_they_are():
    seen = view(hidden={"title", "items"})
    assert "title" in {field["fieldname"] for field in seen.access.metas[0]["fields"]}
    assert seen.access.metas[0]["title_field"] == "title"


def test_what_no_meta_names_is_not_shown():
    shown = view().shown
    document = {"name": "A", "qty": 1, "_user_tags": ",x", "items": [{"qty": 2, "stray": 3}]}
    assert shown.strip(document) == {"name": "A", "qty": 1, "items": [{"qty": 2}]}


def test_rows_in_a_table_that_is_none_are_not_shown():
    virtual = {"fieldname": "rows", "fieldtype": "Table", "options": "R", "is_virtual": 1}
    parent = {"name": "P", "fields": [*fields(qty="Int"), virtual]}
    nested = {"fieldname": "more", "fieldtype": "Table", "options": "R"}
    table = {"fieldname": "items", "fieldtype": "Table", "options": "C"}
    parent["fields"].append(table)
    child = {"name": "C", "fields": [*fields(rate="Float"), nested]}
    document = {"qty": 1, "rows": [{"a": 1}], "items": [{"rate": 2.0, "more": [{"a": 1}]}]}
    assert Shown.of([parent, child]).strip(document) == {"qty": 1, "items": [{"rate": 2.0}]}


def test_the_digest_tells_users_filters_and_fields_apart():
    seen = [
        view(),
        view(user="v@x"),
        view(MINE),
        view(OwnerBranch("v@x")),
        view(MINE, SHARED),
        view(hidden={"qty"}),
        view(hidden={"items.qty"}),
    ]
    assert len({one.digest for one in seen}) == len(seen)
    assert view(MINE).digest == view(MINE).digest


def test_documents_are_counted_only_where_all_of_them_may_be_seen():
    assert replace(served(), stored=7).documents == 7
    assert replace(served(seen=view(RoleBranch(), SHARED)), stored=7).documents == 7
    assert replace(served(seen=view(MINE)), stored=7).documents is None


async def test_every_read_goes_by_the_branches(database: object):
    await store([{"name": "0000"}, {"name": "0001"}, {"name": "0002", "qty": 1}])
    documents = documents_of(seen=view(SHARED))
    sort = parse_sort(documents.doctype.columns, "name")
    rows = await documents.find([], (), sort, whole_documents(), 10)
    assert [row["name"] for row in rows] == ["0001"]
    assert await documents.count([], None) == 1
    after = sort.after(["0000"])
    rows = await documents.find([], after, sort, whole_documents(), 10)
    assert [row["name"] for row in rows] == ["0001"]
    outside = compile_filters(parse_filters(documents.doctype.columns, [("qty__exact", "1")]))
    assert await documents.count(outside, None) == 0
    assert (await documents.get("0001"))["synced_at"] == MOMENT


async def test_a_page_that_follows_in_several_branches_goes_by_the_filter_in_each(
    database: object,
):
    """A sort by a field makes a cursor of several conditions, one of which must hold."""
    allowed = SharesBranch(("0000", "0002", "0004"))
    await store([{"name": f"{number:04}", "qty": number % 2} for number in range(6)])
    documents, signer = documents_of(seen=view(allowed)), CursorSigner("key of the tests")
    found, cursor = [], None
    while True:
        asked = ListRequest(sort="qty", size=1, cursor=cursor)
        page = await read_page(documents, Subject("u"), asked, signer)
        found += [row["name"] for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == ["0000", "0002", "0004"]
