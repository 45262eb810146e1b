"""Sales Invoices: on credit, or at the counter and paid at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.books.deal import SUBMITTED, Deal, Line
from demo.books.farmers import SEASONS
from demo.books.invoices import InvoiceWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.books.book import Book
    from demo.books.items import Goods
    from demo.books.parties import Party
    from demo.site.dataset import Row


def add_sales_invoices(
    book: Book, count: int, items: list[Goods], customers: Sequence[Party]
) -> list[Row]:
    """Add Sales Invoices; give those that still can be paid."""
    return _SalesWriter(book, items, customers).write(count)


_LOTS = tuple(f"LOT{number:05d}" for number in range(10_000, 11_000))


class _SalesWriter(InvoiceWriter):
    doctype = "Sales Invoice"
    series = "ACC-SINV-.YYYY.-"
    buys = False

    def prefill(self) -> None:
        super().prefill()
        own = self.book.company.own
        head: Row = {"debit_to": own("Debtors"), "against_income_account": own("Sales")}
        head |= {"selling_price_list": "Standard Selling", "contact_email": ""}
        head["update_billed_amount_in_delivery_note"] = 1
        self.book.prefill("Sales Invoice", head)
        line: Row = {"income_account": own("Sales"), "grant_commission": 1}
        line["expense_account"] = own("Cost of Goods Sold")
        self.book.prefill("Sales Invoice Item", line)

    def fill_head(self, deal: Deal) -> Row:
        rng, totals = self.book.rng, deal.totals
        order = f"PO/{rng.randrange(1, 400)}/{deal.stamp.created.month}"
        values: Row = {"po_no": order, "remarks": f"Against Customer Order {order}"}
        values["custom_season"] = SEASONS[deal.stamp.created.month % 3]
        values["amount_eligible_for_commission"] = totals.net
        plain = deal.docstatus == SUBMITTED and not deal.return_against
        if plain and rng.random() * 100 < self.book.company.counter_percent:
            values |= {"is_pos": 1, "paid_amount": totals.rounded, "outstanding_amount": 0.0}
            values |= {"base_paid_amount": totals.rounded, "status": "Paid"}
        return values

    def fill_line(self, line: Line) -> Row:
        lot = self.book.rng.choice(_LOTS)
        return {"custom_seed_lot": lot, "incoming_rate": line.goods.cost_inr}

    def add_payment_terms(self, invoice: Row, deal: Deal) -> None:
        if not invoice["is_pos"]:
            super().add_payment_terms(invoice, deal)
            return
        paid = invoice["paid_amount"]
        values: Row = {"mode_of_payment": "Cash", "account": self.book.company.own("Cash")}
        values |= {"amount": paid, "base_amount": paid, "type": "Cash", "default": 1}
        self.book.add_child(invoice, "payments", values)
