"""Delivery Notes and Purchase Receipts: goods that move before their invoice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.books.chart import REJECTED
from demo.books.clock import format_date, format_time
from demo.books.columns import fill_goods, fill_tax, fill_totals, prefill_head
from demo.books.deal import SUBMITTED, print_taxes
from demo.books.ledger import Entry
from demo.books.people import list_clerks
from demo.books.stock import Movement
from demo.books.voucher import Voucher

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.books.deal import Deal, Line
    from demo.books.invoices import Registers
    from demo.site.dataset import Row

_REJECTS = 0.05


def prefill_notes(book: Book) -> None:
    """Write the constants of notes into their forms."""
    own = book.company.own
    head = prefill_head(book.company)
    line: Row = {"cost_center": own("Main"), "item_tax_rate": "{}"}
    line |= {"expense_account": own("Cost of Goods Sold"), "margin_type": ""}
    sold: Row = {"selling_price_list": "Standard Selling", "naming_series": "MAT-DN-.YYYY.-"}
    sold["installation_status"] = "Not Installed"
    book.prefill("Delivery Note", head | sold)
    book.prefill("Delivery Note Item", line | {"grant_commission": 1})
    bought = {"buying_price_list": "Standard Buying", "naming_series": "MAT-PRE-.YYYY.-"}
    book.prefill("Purchase Receipt", head | bought)
    book.prefill("Purchase Receipt Item", line | {"apply_tds": 1})


def write_delivery_note(book: Book, registers: Registers, deal: Deal) -> str:
    """Write the note of a sale; its lines refer to it afterwards."""
    note = _write(book, "Delivery Note", "MAT-DN", deal)
    voucher = Voucher.of(note, deal.stamp.created, remarks="Accounting Entry for Stock")
    worth = 0.0
    for place, line in enumerate(deal.lines):
        row = _add_line(book, note, deal, place, {})
        row["actual_qty"] = registers.stock.available(line.goods, deal.warehouse)
        row["incoming_rate"] = registers.stock.rate(line.goods, deal.warehouse)
        movement = Movement(line.goods, deal.warehouse, -line.stock_qty, row["name"])
        worth += registers.stock.move(voucher, movement)
    _post(book, registers, voucher, {"Stock In Hand": worth, "Cost of Goods Sold": -worth})
    return str(note["name"])


def write_purchase_receipt(book: Book, registers: Registers, deal: Deal) -> str:
    """Write the receipt of a purchase; its lines refer to it afterwards."""
    note = _write(book, "Purchase Receipt", "MAT-PRE", deal)
    voucher = Voucher.of(note, deal.stamp.created, remarks="Accounting Entry for Stock")
    worth = 0.0
    for place, line in enumerate(deal.lines):
        row = _add_line(book, note, deal, place, _receive(book, line))
        rate = row["valuation_rate"]
        movement = Movement(line.goods, deal.warehouse, line.stock_qty, row["name"], rate)
        worth += registers.stock.move(voucher, movement)
        if row["rejected_qty"]:
            refused = round(row["rejected_qty"] * line.factor, 3)
            back = Movement(line.goods, row["rejected_warehouse"], refused, row["name"], 0.0)
            worth += registers.stock.move(voucher, back)
    net = deal.net_inr
    amounts = {"Stock In Hand": worth, "Stock Received But Not Billed": -net}
    _post(book, registers, voucher, amounts | {"Cost of Goods Sold": net - worth})
    return str(note["name"])


def _write(book: Book, doctype: str, series: str, deal: Deal) -> Row:
    created = deal.stamp.created
    party = {key: value for key, value in deal.party.fields.items() if key != "supplier_group"}
    values = {**fill_totals(deal), **party, "docstatus": SUBMITTED}
    values["posting_date"] = format_date(created.date())
    values["posting_time"] = format_time(created)
    values["set_warehouse"] = deal.warehouse
    billed = deal.docstatus == SUBMITTED
    values |= {"status": "Completed", "per_billed": 100.0} if billed else {"status": "To Bill"}
    values["owner"] = values["modified_by"] = book.rng.choice(list_clerks(book))
    values["other_charges_calculation"] = print_taxes(deal)
    name = f"{series}-{created.year}-{len(book.documents[doctype]) + 1:05d}"
    note = book.add(doctype, name, deal.stamp, values)
    for tax in deal.taxes:
        book.add_child(note, "taxes", fill_tax(book.company, tax))
    return note


def _add_line(book: Book, note: Row, deal: Deal, place: int, values: Row) -> Row:
    """Write one line of a deal into its note, and refer the line to it."""
    line = deal.lines[place]
    row = book.add_child(note, "items", fill_goods(deal, line) | values)
    row["billed_amt"] = row["amount"] if deal.docstatus == SUBMITTED else 0.0
    deal.lines[place] = line._replace(origin=row)
    return row


def _receive(book: Book, line: Line) -> Row:
    """Give what came and what of it was refused, which is worth nothing."""
    refused = 1.0 if book.rng.random() < _REJECTS else 0.0
    came = line.qty + refused
    values: Row = {"received_qty": came, "rejected_qty": refused}
    values["received_stock_qty"] = round(came * line.factor, 3)
    values["valuation_rate"] = round(line.amount / line.stock_qty, 9)
    values["rejected_warehouse"] = book.company.own(REJECTED) if refused else None
    return values


def _post(book: Book, registers: Registers, voucher: Voucher, amounts: dict[str, float]) -> None:
    own, stock = book.company.own, book.company.own("Stock In Hand")
    entries = [Entry(own(title), round(amount, 2), stock) for title, amount in amounts.items()]
    registers.ledger.post(voucher, entries)
