"""What may be filtered by, sorted by and asked for, from a DocType's metas."""

from __future__ import annotations

import pytest

from tests.warehouse.reading.samples import COLUMNS, METAS, fields
from warehouse.errors import QueryRefused
from warehouse.reading.columns import Columns
from warehouse.reading.projection import parse_fields
from warehouse.reading.sorting import parse_sort

STANDARD = {"name", "owner", "creation", "modified", "modified_by", "docstatus", "idx"}


def test_values_can_be_filtered_by_but_layout_secrets_and_virtual_fields_can_not():
    own = {"title", "party", "notes", "is_paid", "qty", "total", "day", "moment", "clock", "status"}
    assert set(COLUMNS.own) == own | STANDARD
    assert set(COLUMNS.child) == {"items.item_code", "items.qty", "items.name", "items.idx"}
    assert COLUMNS.selectable == own | STANDARD | {"items"}


def test_a_list_shows_name_title_list_view_fields_docstatus_and_modified():
    assert COLUMNS.listed == ("name", "title", "status", "docstatus", "modified")


def test_a_doctype_without_metas_has_the_standard_fields():
    columns = Columns.of([])
    assert set(columns.filterable) == STANDARD
    assert columns.listed == ("name", "docstatus", "modified")


def test_field_names_that_would_be_paths_or_operators_are_left_out():
    metas = [{"name": "X", "fields": fields(**{"a.b": "Data", "$where": "Data", "ok": "Data"})}]
    assert set(Columns.of(metas).own) == STANDARD | {"ok"}


def test_a_child_table_whose_meta_is_missing_has_no_fields_but_its_standard_ones():
    assert set(Columns.of(METAS[:1]).child) == {"items.name", "items.idx"}


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        (None, [("erp_modified", -1), ("name", -1)]),
        ("modified", [("erp_modified", 1), ("name", 1)]),
        ("qty,-day", [("document_data.qty", 1), ("document_data.day", -1), ("name", -1)]),
        ("-name", [("name", -1)]),
        ("name,qty", [("name", 1)]),
    ],
)
def test_a_sort_ends_with_the_name(sort: str | None, keys: list[tuple[str, int]]):
    assert list(parse_sort(COLUMNS, sort).keys) == keys


@pytest.mark.parametrize(
    "sort",
    [
        *(
            "",
            "-",
            "qty,",
            "unknown",
            "--qty",
            "qty,-qty",
            "notes",
            "items.qty",
            "$natural",
            "-_id",
        ),
        "title,party,qty,total,day",
    ],
)
def test_a_sort_that_can_not_be_is_refused(sort: str):
    with pytest.raises(QueryRefused) as refused:
        parse_sort(COLUMNS, sort)
    assert refused.value.parameter == "sort"


def test_fields_become_a_projection_of_the_document():
    projection = parse_fields(COLUMNS, "title,items")
    assert projection["document_data.title"]
    assert projection["document_data.items"]
    assert "document_data" not in projection
    assert "content_hash" not in projection
    assert parse_fields(COLUMNS, "*")["document_data"]


@pytest.mark.parametrize(
    "sent", ["", ",", "title,", "*,title", "items.qty", "_id", "$where", "secret"]
)
def test_fields_that_there_are_not_are_refused(sent: str):
    with pytest.raises(QueryRefused) as refused:
        parse_fields(COLUMNS, sent)
    assert refused.value.parameter == "fields"
