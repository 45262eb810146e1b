"""What is kept of a meta, and the shape that it gives a document."""

from __future__ import annotations

from tests.reference import metas, needs_reference, recording
from warehouse.erpnext.meta import ChildTable, Shape, trim_meta

FARMER = {
    "name": "Farmer",
    "modified": "2026-11-23 07:38:05",
    "issingle": 0,
    "title_field": None,
    "__js": "frappe.ui.form.on(...)",
    "permissions": [{"role": "Guest"}],
    "fields": [
        {"fieldname": "farmer_name", "fieldtype": "Data", "options": None, "description": "x"},
        {"fieldname": "pin", "fieldtype": "Password"},
        {"fieldname": "display_name", "fieldtype": "Data", "is_virtual": 1},
        {"fieldname": "crops", "fieldtype": "Table", "options": "Farmer Crop"},
        {"fieldname": "tags", "fieldtype": "Table MultiSelect", "options": "Farmer Tag Link"},
        {"fieldname": "shown", "fieldtype": "Table", "options": "X", "is_virtual": 1},
        {"fieldname": None, "fieldtype": "Section Break"},
        {"fieldtype": "Column Break"},
    ],
}
CROP = {"name": "Farmer Crop", "fields": [{"fieldname": "key", "fieldtype": "Password"}]}


def test_scripts_layout_and_nulls_are_trimmed_off():
    assert trim_meta(FARMER) == {
        "name": "Farmer",
        "modified": "2026-11-23 07:38:05",
        "issingle": 0,
        "fields": [
            {"fieldname": "farmer_name", "fieldtype": "Data"},
            {"fieldname": "pin", "fieldtype": "Password"},
            {"fieldname": "display_name", "fieldtype": "Data", "is_virtual": 1},
            {"fieldname": "crops", "fieldtype": "Table", "options": "Farmer Crop"},
            {"fieldname": "tags", "fieldtype": "Table MultiSelect", "options": "Farmer Tag Link"},
            {"fieldname": "shown", "fieldtype": "Table", "options": "X", "is_virtual": 1},
        ],
    }


def test_trimming_twice_changes_nothing_more_and_the_given_meta_never():
    before = repr(FARMER)
    assert trim_meta(trim_meta(FARMER)) == trim_meta(FARMER)
    assert repr(FARMER) == before


def test_a_shape_knows_child_tables_and_what_is_not_stored():
    shape = Shape.of([trim_meta(FARMER), trim_meta(CROP)])
    assert shape == Shape(
        "Farmer",
        (ChildTable("crops", "Farmer Crop"), ChildTable("tags", "Farmer Tag Link")),
        {
            "Farmer": frozenset({"pin", "display_name", "shown"}),
            "Farmer Crop": frozenset({"key"}),
        },
    )


@needs_reference
def test_the_shape_of_a_trimmed_meta_is_that_of_the_whole_one():
    for meta in metas("site1").values():
        assert Shape.of([trim_meta(meta)]) == Shape.of([meta])


@needs_reference
def test_a_recorded_meta_brings_the_metas_of_its_child_tables():
    docs = recording("getdoctype_customer")["body"]["docs"]
    shape = Shape.of([trim_meta(meta) for meta in docs])
    assert shape.doctype == "Customer"
    assert {table.doctype for table in shape.child_tables} <= shape.unstored.keys()
    assert "accounts" in {table.fieldname for table in shape.child_tables}
