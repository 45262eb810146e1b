"""What holds of the datasets whatever the books are."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warehouse.datasets.golden import fill, load, put_books
from warehouse.datasets.registry import load_registry
from warehouse.documents.datasets import DatasetBuild, DatasetPointer
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from tests.transforming import Books

Document = dict[str, Any]

VOUCHERS = (
    *("Sales Invoice", "POS Invoice", "Purchase Receipt", "Purchase Invoice", "Payment Entry"),
    *("Journal Entry", "POS Closing Entry"),
)
# It counts what is kept aside, drafts among it.
SLUGS = sorted({*load_registry().datasets} - {"data_quality"})
FEW = settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
BOOKS = load("books")["one"]
SUBMITTED = [
    document
    for document in (fill("one", one) for one in BOOKS if one["doctype"] in VOUCHERS)
    if document["docstatus"] == 1
]

lines = st.tuples(
    st.sampled_from(["TOOR", "NUTS", "SEED", "JUTE", "HAUL"]),
    st.integers(1, 40),
    st.integers(1, 9_999_99),
)
invoices = st.lists(st.lists(lines, min_size=1, max_size=4), min_size=1, max_size=4)


@pytest.fixture
async def golden(books: Books) -> dict[str, list[Document]]:
    """The rows of the golden books, whose documents stay stored."""
    await put_books(books)
    await books.transform(*SLUGS)
    return {slug: await books.rows(slug) for slug in SLUGS}


async def empty(books: Books) -> None:
    for model in (*map(raw_model, ("one", "two")), DatasetPointer, DatasetBuild):
        await model.get_pymongo_collection().delete_many({})


async def test_the_order_of_documents_is_irrelevant(
    books: Books, golden: dict[str, list[Document]]
):
    await empty(books)
    await put_books(books, order=-1)
    await books.transform(*SLUGS)
    assert {slug: await books.rows(slug) for slug in SLUGS} == golden


@given(added=st.lists(st.tuples(st.sampled_from(SUBMITTED), st.sampled_from([0, 2])), min_size=1))
@FEW
async def test_a_draft_or_a_cancelled_document_changes_nothing(
    books: Books, golden: dict[str, list[Document]], added: list[tuple[Document, int]]
):
    await books.put(
        *(
            document | {"name": f"{document['name']}-{number}", "docstatus": docstatus}
            for number, (document, docstatus) in enumerate(added)
        ),
        instance="one",
    )
    await books.transform(*SLUGS)
    assert {slug: await books.rows(slug) for slug in SLUGS} == golden


def sell(number: int, sold: list[tuple[str, int, int]]) -> Document:
    """Return an invoice of lines (item, quantity, paise)."""
    items = [
        {
            "name": f"{number}-{position}",
            "item_code": item,
            "item_group": "Group",
            "warehouse": "Stores",
            "stock_uom": "Kg",
            "stock_qty": quantity,
            "base_amount": (paise + 100) / 100,
            "base_net_amount": paise / 100,
        }
        for position, (item, quantity, paise) in enumerate(sold)
    ]
    total = sum(paise for _, _, paise in sold)
    return {
        "doctype": "Sales Invoice",
        "name": f"INV-{number}",
        "docstatus": 1,
        "company": "Sahaja",
        "customer": "Asha",
        "territory": "Medak",
        "posting_date": "2025-06-10",
        "base_net_total": total / 100,
        "items": items,
        "taxes": [{"base_tax_amount_after_discount_amount": round(total / 2000, 2)}],
    }


def send_back(invoice: Document) -> Document:
    """Return the return of a whole invoice, in the same month."""
    back = deepcopy(invoice)
    back |= {"name": f"{invoice['name']}-R", "is_return": 1, "return_against": invoice["name"]}
    back["base_net_total"] *= -1
    back["taxes"][0]["base_tax_amount_after_discount_amount"] *= -1
    for line in back["items"]:
        line |= {name: -line[name] for name in ("stock_qty", "base_amount", "base_net_amount")}
        line |= {"sales_invoice_item": line["name"], "name": f"{line['name']}-r"}
    return back


def total(rows: list[Document], column: str) -> Decimal:
    return sum((Decimal(str(row[column] or 0)) for row in rows), Decimal(0))


@given(sales=invoices)
@FEW
async def test_an_invoice_and_its_full_return_are_nothing(
    books: Books, sales: list[list[tuple[str, int, int]]]
):
    await empty(books)
    sold = [sell(number, lines) for number, lines in enumerate(sales)]
    masters = [fill("one", one) for one in BOOKS if one["doctype"] in {"Item", "Company"}]
    ledger = [fill("one", one) for one in BOOKS if one["doctype"] == "Stock Ledger Entry"]
    await books.put(*masters, *ledger, *sold, *map(send_back, sold), instance="one")
    await books.transform("items", "parties", "sales_lines", "sales_monthly", "gross_margin")
    for slug, columns in (
        ("sales_lines", ("net", "tax", "discount", "qty_stock", "qty_kg", "qty_number", "net_kg")),
        ("sales_monthly", ("net", "tax", "qty_kg")),
        ("gross_margin", ("net", "cost", "margin", "qty_kg")),
    ):
        rows = await books.rows(slug)
        assert rows
        assert {name: total(rows, name) for name in columns} == dict.fromkeys(columns, 0)


@given(sales=invoices)
@FEW
async def test_lines_add_up_to_their_invoice(books: Books, sales: list[list[tuple[str, int, int]]]):
    await empty(books)
    sold = [sell(number, lines) for number, lines in enumerate(sales)]
    masters = [fill("one", one) for one in BOOKS if one["doctype"] in {"Item", "Company"}]
    await books.put(*masters, *sold, instance="one")
    await books.transform("items", "parties", "sales_lines")
    rows = await books.rows("sales_lines")
    for invoice in sold:
        own = [row for row in rows if row["invoice"] == invoice["name"]]
        header = Decimal(str(invoice["base_net_total"]))
        assert abs(total(own, "net") - header) <= Decimal("0.05") * len(own)
        assert total(own, "invoices") == 1
