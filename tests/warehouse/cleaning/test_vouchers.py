"""What marks a document: MongoDB itself is asked."""

from __future__ import annotations

import pytest

from tests.warehouse.cleaning.evaluating import evaluate
from warehouse.cleaning import vouchers


@pytest.mark.parametrize(
    ("expression", "document", "expected"),
    [
        (vouchers.is_draft(), {"docstatus": 0}, True),
        (vouchers.is_draft(), {}, True),
        (vouchers.is_draft(), {"docstatus": 1}, False),
        (vouchers.is_cancelled(), {"docstatus": 2}, True),
        (vouchers.is_cancelled(), {"docstatus": 1}, False),
        (vouchers.is_cancelled(), {"docstatus": 0}, False),
        (vouchers.is_amended(), {"amended_from": "SI-1"}, True),
        (vouchers.is_amended(), {"amended_from": ""}, False),
        (vouchers.is_return(), {"is_return": 1}, True),
        (vouchers.is_return(), {}, False),
        (vouchers.is_opening(), {"is_opening": "Yes"}, True),
        (vouchers.is_opening(), {"is_opening": "No"}, False),
        (vouchers.is_internal(), {"is_internal_supplier": 1}, True),
        (vouchers.is_internal(), {"inter_company_invoice_reference": "PI-1"}, True),
        (vouchers.is_internal(), {"represents_company": ""}, False),
        (vouchers.is_merged_pos_invoice(), {"consolidated_invoice": "SI-9"}, True),
        (vouchers.is_merged_pos_invoice(), {}, False),
        (vouchers.name_channel(), {"is_pos": 1, "shopify_order_id": "7"}, "pos"),
        (vouchers.name_channel(), {"shopify_order_id": "7"}, "online"),
        (vouchers.name_channel(), {}, "direct"),
    ],
)
async def test_a_document_is_marked_by_its_fields(database, expression, document, expected):
    assert await evaluate(database, [document], found=expression) == [{"found": expected}]


async def test_the_codes_of_what_applies_are_listed(database):
    marks = vouchers.mark(C3=vouchers.is_return(), C5=vouchers.is_internal())
    rows = [{"is_return": 1, "represents_company": "Co"}, {"is_return": 1}, {}]
    assert [row["found"] for row in await evaluate(database, rows, found=marks)] == [
        ["C3", "C5"],
        ["C3"],
        [],
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"update_stock": 1}, False),
        ({"is_return": 0}, False),
        ({"line": {"qty": -2, "sales_invoice_item": "a"}}, False),
        ({"line": {"qty": -5, "sales_invoice_item": "unknown"}}, False),
    ],
)
async def test_a_credit_note_of_the_whole_quantity_without_stock_may_be_of_value_only(
    database, change, expected
):
    credit_note = {
        "is_return": 1,
        "line": {"qty": -5, "sales_invoice_item": "a"},
        "returned": {"items": [{"name": "a", "qty": 5}, {"name": "b", "qty": 2}]},
    }
    expression = vouchers.is_value_only("$line", "sales_invoice_item")
    found = await evaluate(database, [credit_note | change], found=expression)
    assert found == [{"found": expected}]
