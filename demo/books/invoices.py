"""What Sales and Purchase Invoices have in common: their life, and what it leaves in the ledgers.

What moves stock is posted at the moment it was written, so that stock runs in one order; other
invoices may be dated back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from demo.books.clock import LAST, format_date, format_time
from demo.books.columns import fill_goods, fill_tax, fill_totals, prefill_head
from demo.books.deal import CANCELLED, DRAFT, SUBMITTED, Deal, Line, print_taxes
from demo.books.drawing import Drawer, Written
from demo.books.ledger import DOLLAR_ACCOUNT, Entry, Ledger
from demo.books.people import list_clerks
from demo.books.voucher import Voucher

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.books.parties import Party
    from demo.books.stock import Stock
    from demo.site.dataset import Row

CREDIT_DAYS = 30

# Shares of what becomes of an invoice; the rest are submitted and stay so.
_DRAFT, _CANCELLED, _AMENDED, _RETURN = 0.04, 0.06, 0.08, 0.14


@dataclass(frozen=True, slots=True)
class Registers:
    """What documents are entered in."""

    ledger: Ledger
    stock: Stock


class InvoiceWriter(ABC):
    """Writes the invoices of one DocType in order of their creation.

    Without `registers` nothing is entered anywhere and no goods move.
    """

    doctype: str
    series: str
    side: str
    sign: int

    def __init__(self, book: Book, registers: Registers | None, drawer: Drawer) -> None:
        self.book = book
        self.registers = registers
        self.open: list[Row] = []
        self._drawer = drawer
        self._clerks = list_clerks(book)
        self._cancelled: Deal | None = None
        self.prefill()

    def prefill(self) -> None:
        """Write the constants of invoices, lines, taxes and schedules into their forms."""
        main = self.book.company.own("Main")
        head: Row = {"naming_series": self.series, "party_account_currency": "INR"}
        head |= {"is_opening": "No", "update_outstanding_for_self": 1}
        self.book.prefill(self.doctype, prefill_head(self.book.company) | head)
        line: Row = {"margin_type": "", "image": "", "cost_center": main, "item_tax_rate": "{}"}
        self.book.prefill(f"{self.doctype} Item", line)
        tax = {"charge_type": "On Net Total", "cost_center": main, "account_currency": "INR"}
        self.book.prefill(self.doctype.replace("Invoice", "Taxes and Charges"), tax)
        self.book.prefill("Payment Schedule", {"invoice_portion": 100.0})

    def write(self, moment: float, step: float) -> None:
        """Write the next invoice, an amended one at once after its original.

        A note that goes before it is written at `moment`, the invoice half a `step` later.
        """
        original, self._cancelled = self._cancelled, None
        if original:
            self._write_invoice(self._drawer.amend(original, moment))
            return
        chance = self.book.rng.random()
        back = self._drawer.take_back(moment) if _AMENDED <= chance < _RETURN else None
        deal = back or self._drawer.draw(moment)
        if chance < _AMENDED:
            deal.docstatus = DRAFT if chance < _DRAFT else CANCELLED
            self._cancelled = deal if chance >= _CANCELLED and deal.note is None else None
        if deal.note == "" and self.registers:
            deal.note = self.write_note(self.registers, deal)
            deal.stamp = self.book.clock.stamp(moment + step / 2)
        self._write_invoice(deal)

    def write_draft(self, moment: float) -> None:
        """Write a draft, which leaves nothing in the ledgers."""
        deal = self._drawer.draw(moment)
        deal.docstatus, deal.note = DRAFT, None
        self._write_invoice(deal)

    def write_opening(self, moment: float, party: Party, amount_inr: float) -> None:
        """Write what a party owed, or was owed, when the books were opened."""
        self._write_invoice(self._drawer.open(moment, party, amount_inr))

    @abstractmethod
    def fill_head(self, deal: Deal) -> Row:
        """Give the columns that only this DocType's invoices have."""

    @abstractmethod
    def fill_line(self, deal: Deal, line: Line) -> Row:
        """Give the columns that only this DocType's lines have."""

    @abstractmethod
    def write_note(self, registers: Registers, deal: Deal) -> str:
        """Write the note with which the goods of a deal move, and refer its lines to it."""

    @abstractmethod
    def choose_account(self, deal: Deal, line: Line) -> str:
        """Name the account that a line's amount belongs to."""

    @abstractmethod
    def move(self, stock: Stock, voucher: Voucher, line: Line, row: Row) -> float:
        """Move the goods of a line; give the change of the stock's value."""

    @abstractmethod
    def enter_goods(self, worth: float, goods_inr: float) -> list[Entry]:
        """Give the entries of goods that changed stock by `worth` and were billed."""

    def add_payment_terms(self, invoice: Row, deal: Deal) -> None:
        """Say when the invoice is due: in a month, in full; returns aren't."""
        if deal.return_against:
            return
        amount, due = deal.totals.due, invoice["due_date"]
        terms = {"due_date": due, "payment_amount": amount, "base_payment_amount": deal.due_inr}
        terms |= {"outstanding": amount, "base_outstanding": deal.due_inr}
        self.book.add_child(invoice, "payment_schedule", terms)

    def enter_payment(self, claim: Entry, invoice: Row) -> list[Entry]:  # noqa: ARG002
        """Give the entries of what is paid with the invoice itself: nothing."""
        return []

    def _write_invoice(self, deal: Deal) -> None:
        invoice = self.book.add(self.doctype, deal.name, deal.stamp, self._fill_invoice(deal))
        for line in deal.lines:
            row = {**fill_goods(deal, line), **self.fill_line(deal, line)}
            self.book.add_child(invoice, "items", row)
        for tax in deal.taxes:
            self.book.add_child(invoice, "taxes", fill_tax(self.book.company, tax))
        self.add_payment_terms(invoice, deal)
        if self.registers and deal.docstatus != DRAFT:
            self._enter(self.registers, deal, invoice)
        if deal.docstatus != SUBMITTED:
            return
        if deal.settles:
            settle(deal.settles, -deal.totals.due, by_return=True)
        elif not deal.return_against and invoice["outstanding_amount"]:
            self.open.append(invoice)
            if not deal.opening:
                self._drawer.remember(Written(deal, invoice))

    def _fill_invoice(self, deal: Deal) -> Row:
        values = {**fill_totals(deal), **self._date(deal), **deal.party.fields}
        values["docstatus"] = deal.docstatus
        values["amended_from"] = deal.amended_from
        values["other_charges_calculation"] = print_taxes(deal)
        values["owner"] = values["modified_by"] = self.book.rng.choice(self._clerks)
        values["update_stock"] = int(deal.moves_stock)
        owes = deal.docstatus != CANCELLED and not deal.settles
        values["outstanding_amount"] = deal.totals.due if owes else 0.0
        values["party_account_currency"] = deal.party.currency
        if deal.opening:
            values["is_opening"] = "Yes"
        if deal.return_against:
            values |= {"is_return": 1, "return_against": deal.return_against}
            values["naming_series"] = self.series.replace(".YYYY.", "RET-.YYYY.")
            values["update_outstanding_for_self"] = int(not deal.settles)
        values |= self.fill_head(deal)
        values.setdefault("status", _choose_status(deal, values["due_date"]))
        return values

    def _date(self, deal: Deal) -> Row:
        back = 0 if deal.moves_stock or deal.note else self.book.rng.randrange(3)
        posted = deal.stamp.created.date() - timedelta(days=back)
        due = posted if deal.return_against else posted + timedelta(days=CREDIT_DAYS)
        time = format_time(deal.stamp.created)
        dates = {"posting_date": format_date(posted), "due_date": format_date(due)}
        return {**dates, "posting_time": time}

    def _enter(self, registers: Registers, deal: Deal, invoice: Row) -> None:
        """Move the goods of an invoice, and post it."""
        voucher = Voucher.of(
            invoice,
            deal.stamp.created,
            remarks=invoice["remarks"] or "No Remarks",
            currency=deal.party.currency,
            rate=deal.rate,
        )
        accounts: defaultdict[str, float] = defaultdict(float)
        worth = goods_inr = 0.0
        for line, row in zip(deal.lines, invoice["items"], strict=True):
            if deal.moves_stock and line.goods.stocked:
                worth += self.move(registers.stock, voucher, line, row)
                goods_inr += row["base_net_amount"]
            else:
                accounts[self.choose_account(deal, line)] += row["base_net_amount"]
        claim = self._claim(deal, invoice)
        entries = [claim, *self.enter_goods(round(worth, 2), round(goods_inr, 2))]
        entries += self._enter_rest(deal, accounts)
        registers.ledger.post(voucher, entries + self.enter_payment(claim, invoice))

    def _claim(self, deal: Deal, invoice: Row) -> Entry:
        """Give the entry of what the party owes, or is owed."""
        own, settled = self.book.company.own, deal.settles or invoice
        foreign = deal.party.currency != "INR"
        title = {"Customer": "Debtors", "Supplier": "Creditors"}[self.side]
        return Entry(
            account=own(DOLLAR_ACCOUNT if foreign else title),
            amount=self.sign * deal.due_inr,
            against=own("Sales") if self.sign > 0 else own("Stock Received But Not Billed"),
            party=(self.side, deal.party.name),
            settles=(settled["doctype"], settled["name"]),
            due_date=invoice["due_date"],
            in_account=self.sign * deal.totals.due if foreign else None,
        )

    def _enter_rest(self, deal: Deal, accounts: dict[str, float]) -> list[Entry]:
        """Give the entries of income or expense, of taxes and of rounding."""
        own, name = self.book.company.own, deal.party.name
        amounts = {account: round(amount, 2) for account, amount in accounts.items()}
        amounts |= {own(tax.title): tax.amount for tax in deal.taxes}
        amounts[own("Round Off")] = deal.totals.adjustment
        return [Entry(account, -self.sign * amount, name) for account, amount in amounts.items()]


def settle(invoice: Row, share: float, *, by_return: bool = False) -> None:
    """Lower what is outstanding of an invoice."""
    rest = round(invoice["outstanding_amount"] - share, 2)
    invoice["outstanding_amount"] = rest
    overdue = date.fromisoformat(invoice["due_date"]) + timedelta(days=1) < LAST.date()
    partly = "Overdue" if overdue else "Partly Paid"
    whole = "Paid"
    if by_return:
        whole = "Credit" if invoice["doctype"] == "Sales Invoice" else "Debit"
        whole += " Note Issued"
    invoice["status"] = whole if rest == 0 else partly
    for terms in invoice["payment_schedule"]:
        paid = round(terms["paid_amount"] + share, 2)
        base_rest = round(rest * invoice["conversion_rate"], 2)
        terms |= {"outstanding": rest, "base_outstanding": base_rest}
        terms |= {"paid_amount": paid, "base_paid_amount": paid}


def _choose_status(deal: Deal, due: str) -> str:
    if deal.docstatus != SUBMITTED:
        return "Draft" if deal.docstatus == DRAFT else "Cancelled"
    if deal.return_against:
        return "Return"
    return "Overdue" if due < str(LAST.date()) else "Unpaid"
