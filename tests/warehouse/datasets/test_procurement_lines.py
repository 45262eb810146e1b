"""What is received and not billed, of receipts of which a part was sent back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.transforming import Books

Document = dict[str, Any]


def receive(name: str, quintals: float, **more: Any) -> Document:
    """Return a receipt of quintals at 6000 rupees; `more`: of it, or of its line as items_*."""
    line = {
        "name": f"{name}-1",
        "item_code": "TOOR",
        "uom": "Quintal",
        "qty": quintals,
        "conversion_factor": 100,
        "stock_uom": "Kg",
        "stock_qty": quintals * 100,
        "base_amount": quintals * 6000,
        "base_net_amount": quintals * 6000,
    }
    of_line = {key.removeprefix("items_"): more.pop(key) for key in [*more] if "items_" in key}
    return {
        "doctype": "Purchase Receipt",
        "name": name,
        "docstatus": 1,
        "company": "Sahaja",
        "supplier": "Ravi",
        "posting_date": "2025-06-02",
        "status": "To Bill",
        "per_billed": 0,
        "items": [line | of_line],
        **more,
    }


def send_back(receipt: str, quintals: float) -> Document:
    back = {"is_return": 1, "return_against": receipt, "status": "Return"}
    return receive(f"{receipt}-RET", -quintals, posting_date="2025-07-02", **back)


@pytest.mark.parametrize(
    ("receipt", "not_billed"),
    [
        (receive("NONE-BILLED", 1, items_returned_qty=20), "4800"),
        (receive("PART-BILLED", 1, items_returned_qty=20, items_billed_amt=1800), "3000"),
        (receive("REST-BILLED", 1, items_returned_qty=20, items_billed_amt=4800), "0"),
        (receive("ALL-BILLED", 1, items_returned_qty=20, items_billed_amt=6000), "0"),
        (receive("ALL-BACK", 1, items_returned_qty=100), "0"),
        (receive("NO-GOODS", 0, items_base_net_amount=50), "50"),
    ],
    ids=lambda one: one["name"] if isinstance(one, dict) else one,
)
async def test_what_was_sent_back_awaits_no_bill(books: Books, receipt: Document, not_billed: str):
    await books.put(receipt, send_back(receipt["name"], 0.2), instance="one")
    await books.transform("items", "parties", "procurement_lines", "procurement_season")
    rows = await books.rows("procurement_lines")
    assert {row["voucher"]: row["not_billed"] for row in rows} == {
        receipt["name"]: not_billed,
        f"{receipt['name']}-RET": "0",
    }
    [season] = await books.rows("procurement_season")
    assert season["not_billed"] == not_billed
