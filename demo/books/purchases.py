"""Purchase Invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.books.invoices import InvoiceWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.books.book import Book
    from demo.books.deal import Deal, Line
    from demo.books.items import Goods
    from demo.books.parties import Party
    from demo.site.dataset import Row


def add_purchase_invoices(
    book: Book, count: int, items: list[Goods], suppliers: Sequence[Party]
) -> list[Row]:
    """Add Purchase Invoices; give those that still can be paid."""
    return _PurchaseWriter(book, items, suppliers).write(count)


class _PurchaseWriter(InvoiceWriter):
    doctype = "Purchase Invoice"
    series = "ACC-PINV-.YYYY.-"
    buys = True

    def prefill(self) -> None:
        super().prefill()
        received = self.book.company.own("Stock Received But Not Billed")
        head: Row = {"credit_to": self.book.company.own("Creditors"), "represents_company": None}
        head |= {"buying_price_list": "Standard Buying", "against_expense_account": received}
        head["update_billed_amount_in_purchase_receipt"] = 1
        self.book.prefill("Purchase Invoice", head)
        self.book.prefill("Purchase Invoice Item", {"expense_account": received, "apply_tds": 1})
        self.book.prefill(
            "Purchase Taxes and Charges", {"category": "Total", "add_deduct_tax": "Add"}
        )

    def fill_head(self, deal: Deal) -> Row:
        totals = deal.totals
        bill, billed = f"B{self.book.rng.randrange(100_000):05d}", str(deal.stamp.created.date())
        values: Row = {"bill_no": bill, "bill_date": billed}
        values["remarks"] = f"Against Supplier Invoice {bill} dated {billed}"
        values |= {"tax_withholding_net_total": totals.net, "taxes_and_charges_added": totals.tax}
        values["base_tax_withholding_net_total"] = totals.net
        values["base_taxes_and_charges_added"] = totals.tax
        return values

    def fill_line(self, line: Line) -> Row:
        return {"valuation_rate": line.rate}
