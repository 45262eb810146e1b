"""What Sales and Purchase Invoices have in common: their life, their lines, taxes and totals."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from demo.books.clock import LAST, format_date, format_time
from demo.books.deal import (
    CANCELLED,
    DRAFT,
    SUBMITTED,
    Deal,
    Line,
    Tax,
    draw_lines,
    print_taxes,
    take_back,
)
from demo.books.people import list_clerks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.books.book import Book
    from demo.books.items import Goods
    from demo.books.parties import Party
    from demo.site.dataset import Row

CREDIT_DAYS = 30

# Shares of what becomes of an invoice; the rest are submitted and stay so.
_DRAFT, _CANCELLED, _AMENDED, _RETURN = 0.04, 0.06, 0.08, 0.10
_RECENT = 40


class InvoiceWriter(ABC):
    """Writes the invoices of one DocType in order of their creation."""

    doctype: str
    series: str
    buys: bool

    def __init__(self, book: Book, items: list[Goods], parties: Sequence[Party]) -> None:
        self.book = book
        self.open: list[Row] = []
        self._items = items
        self._parties = parties
        self._clerks = list_clerks(book)
        self._numbers: Counter[str] = Counter()
        self._recent: list[Deal] = []
        self._cancelled: Deal | None = None
        self._moment = 0.0
        self.prefill()

    def prefill(self) -> None:
        """Write the constants of invoices, lines, taxes and schedules into their forms."""
        main = self.book.company.own("Main")
        head: Row = {"naming_series": self.series, "company": self.book.company.name}
        head |= {"currency": "INR", "conversion_rate": 1.0, "price_list_currency": "INR"}
        head |= {"plc_conversion_rate": 1.0, "party_account_currency": "INR", "is_opening": "No"}
        head |= {"tax_category": "", "apply_discount_on": "Grand Total", "language": "en"}
        head |= {"set_posting_time": 1, "update_outstanding_for_self": 1}
        self.book.prefill(self.doctype, head)
        line: Row = {"conversion_factor": 1.0, "margin_type": "", "image": "", "cost_center": main}
        line |= {"item_tax_rate": "{}", "warehouse": self.book.company.own("Stores")}
        self.book.prefill(f"{self.doctype} Item", line)
        tax = {"charge_type": "On Net Total", "cost_center": main, "account_currency": "INR"}
        self.book.prefill(self.doctype.replace("Invoice", "Taxes and Charges"), tax)
        self.book.prefill("Payment Schedule", {"invoice_portion": 100.0})

    def write(self, count: int) -> list[Row]:
        """Write `count` invoices; give those that still can be paid, oldest first."""
        for place in range(count):
            self._moment = (place + self.book.rng.random()) / count
            self._write_invoice(self._make_deal(is_last=place == count - 1))
        return self.open

    @abstractmethod
    def fill_head(self, deal: Deal) -> Row:
        """Give the columns that only this DocType's invoices have."""

    @abstractmethod
    def fill_line(self, line: Line) -> Row:
        """Give the columns that only this DocType's lines have."""

    def add_payment_terms(self, invoice: Row, deal: Deal) -> None:
        """Say when the invoice is due: at once, in full; returns aren't."""
        if deal.return_against:
            return
        amount, due = deal.totals.rounded, invoice["due_date"]
        terms = {"due_date": due, "payment_amount": amount, "base_payment_amount": amount}
        terms |= {"outstanding": amount, "base_outstanding": amount}
        self.book.add_child(invoice, "payment_schedule", terms)

    def _make_deal(self, *, is_last: bool) -> Deal:
        """Decide what the next invoice is; an amended one follows at once on its original."""
        rng, stamp = self.book.rng, self.book.clock.stamp(self._moment)
        original, self._cancelled = self._cancelled, None
        if original:
            amended = f"{original.name}-1"
            lines = draw_lines(rng, self._items, buys=self.buys)
            deal = Deal(amended, stamp, original.party, lines, original.taxed)
            deal.amended_from = original.name
            return deal
        chance = rng.random()
        year = stamp.created.year
        if _AMENDED <= chance < _RETURN and self._recent:
            source = rng.choice(self._recent)
            name = self._number(self.series.replace(".YYYY.", f"RET-{year}"))
            lines = take_back(source.lines)
            return Deal(name, stamp, source.party, lines, source.taxed, return_against=source.name)
        name = self._number(self.series.replace(".YYYY.", str(year)))
        party = self._parties[int(len(self._parties) * rng.random() ** 2)]
        taxed = rng.random() * 100 < self.book.company.taxed_percent
        deal = Deal(name, stamp, party, draw_lines(rng, self._items, buys=self.buys), taxed)
        if chance < _AMENDED:
            deal.docstatus = DRAFT if chance < _DRAFT else CANCELLED
            if chance >= _CANCELLED and not is_last:
                self._cancelled = deal
        return deal

    def _number(self, prefix: str) -> str:
        self._numbers[prefix] += 1
        return f"{prefix}{self._numbers[prefix]:05d}"

    def _write_invoice(self, deal: Deal) -> None:
        values = {**self._total(deal), **self._date(deal), **deal.party.fields}
        values |= self.fill_head(deal)
        values["docstatus"] = deal.docstatus
        values["amended_from"] = deal.amended_from
        values["other_charges_calculation"] = print_taxes(deal)
        values["owner"] = values["modified_by"] = self.book.rng.choice(self._clerks)
        if deal.return_against:
            values |= {"is_return": 1, "return_against": deal.return_against}
            values["naming_series"] = self.series.replace(".YYYY.", "RET-.YYYY.")
        values.setdefault("status", self._choose_status(deal, values["due_date"]))
        invoice = self.book.add(self.doctype, deal.name, deal.stamp, values)
        for line in deal.lines:
            row = {**self._fill_goods(line), **self.fill_line(line)}
            self.book.add_child(invoice, "items", row)
        for tax in deal.taxes:
            self.book.add_child(invoice, "taxes", self._fill_tax(tax))
        self.add_payment_terms(invoice, deal)
        if (
            deal.docstatus == SUBMITTED
            and not deal.return_against
            and invoice["outstanding_amount"]
        ):
            self.open.append(invoice)
            self._recent = [*self._recent[1 - _RECENT :], deal]

    def _choose_status(self, deal: Deal, due: str) -> str:
        if deal.docstatus != SUBMITTED:
            return "Draft" if deal.docstatus == DRAFT else "Cancelled"
        if deal.return_against:
            return "Return"
        return "Overdue" if due < str(LAST.date()) else "Unpaid"

    def _date(self, deal: Deal) -> Row:
        posted = deal.stamp.created.date() - timedelta(days=self.book.rng.randrange(3))
        due = posted if deal.return_against else posted + timedelta(days=CREDIT_DAYS)
        time = format_time(deal.stamp.created)
        dates = {"posting_date": format_date(posted), "due_date": format_date(due)}
        return {**dates, "posting_time": time}

    def _total(self, deal: Deal) -> Row:
        qty, net, tax, grand, rounded, adjustment, words = deal.totals
        values: Row = {"total_qty": qty, "total": net, "base_total": net}
        values |= {"net_total": net, "base_net_total": net, "outstanding_amount": rounded}
        values |= {"total_taxes_and_charges": tax, "base_total_taxes_and_charges": tax}
        values |= {"grand_total": grand, "base_grand_total": grand}
        values |= {"rounding_adjustment": adjustment, "base_rounding_adjustment": adjustment}
        values |= {"rounded_total": rounded, "base_rounded_total": rounded}
        values |= {"in_words": words, "base_in_words": words}
        if deal.docstatus == CANCELLED:
            values["outstanding_amount"] = 0.0
        return values

    def _fill_goods(self, line: Line) -> Row:
        goods, qty, listed, discount, rate, amount = line
        return {
            "item_code": goods.code,
            "item_name": goods.title,
            "description": goods.description,
            "item_group": goods.group,
            "uom": goods.unit,
            "stock_uom": goods.unit,
            "qty": qty,
            "stock_qty": qty,
            "price_list_rate": listed,
            "base_price_list_rate": listed,
            "discount_percentage": discount,
            "discount_amount": round(listed - rate, 2) if discount else 0.0,
            "rate": rate,
            "base_rate": rate,
            "net_rate": rate,
            "base_net_rate": rate,
            "stock_uom_rate": rate,
            "amount": amount,
            "base_amount": amount,
            "net_amount": amount,
            "base_net_amount": amount,
        }

    def _fill_tax(self, tax: Tax) -> Row:
        values: Row = {"account_head": self.book.company.own(tax.title), "description": tax.title}
        values |= {"rate": tax.percent, "tax_amount": tax.amount, "base_tax_amount": tax.amount}
        values |= {"tax_amount_after_discount_amount": tax.amount, "total": tax.total}
        values |= {"base_tax_amount_after_discount_amount": tax.amount, "base_total": tax.total}
        by_item = json.dumps(tax.by_item, separators=(",", ":"), ensure_ascii=False)
        return values | {"item_wise_tax_detail": by_item}
