"""Purchase Invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.books.invoices import InvoiceWriter
from demo.books.ledger import Entry
from demo.books.notes import write_purchase_receipt
from demo.books.stock import Movement

if TYPE_CHECKING:
    from demo.books.deal import Deal, Line
    from demo.books.invoices import Registers
    from demo.books.stock import Stock
    from demo.books.voucher import Voucher
    from demo.site.dataset import Row

PURCHASE_SERIES = "ACC-PINV-.YYYY.-"


class PurchaseWriter(InvoiceWriter):
    """Writes Purchase Invoices."""

    doctype = "Purchase Invoice"
    series = PURCHASE_SERIES
    side = "Supplier"
    sign = -1

    def prefill(self) -> None:
        """Write the constants of purchases."""
        super().prefill()
        received = self.book.company.own("Stock Received But Not Billed")
        head: Row = {"credit_to": self.book.company.own("Creditors"), "represents_company": None}
        head |= {"buying_price_list": "Standard Buying", "against_expense_account": received}
        head["update_billed_amount_in_purchase_receipt"] = 1
        self.book.prefill("Purchase Invoice", head)
        self.book.prefill("Purchase Invoice Item", {"apply_tds": 1})
        self.book.prefill(
            "Purchase Taxes and Charges", {"category": "Total", "add_deduct_tax": "Add"}
        )

    def fill_head(self, deal: Deal) -> Row:
        """Give the supplier's bill."""
        totals = deal.totals
        bill, billed = f"B{self.book.rng.randrange(100_000):05d}", str(deal.stamp.created.date())
        values: Row = {"bill_no": bill, "bill_date": billed}
        values["remarks"] = f"Against Supplier Invoice {bill} dated {billed}"
        values |= {"tax_withholding_net_total": totals.net, "taxes_and_charges_added": totals.tax}
        values["base_tax_withholding_net_total"] = totals.net
        values["base_taxes_and_charges_added"] = totals.tax
        return values

    def fill_line(self, deal: Deal, line: Line) -> Row:
        """Give what the goods cost, the expense account, and what the line refers to."""
        moves = deal.moves_stock and line.goods.stocked
        account = self.book.company.own("Stock In Hand")
        values: Row = {"received_qty": line.qty}
        values["valuation_rate"] = _unit_cost(line) if line.goods.stocked else 0.0
        values["expense_account"] = account if moves else self.choose_account(deal, line)
        if deal.return_against and line.origin:
            values["purchase_invoice_item"] = line.origin["name"]
            values["valuation_rate"] = line.origin["valuation_rate"]
        elif deal.note and line.origin:
            values |= {"purchase_receipt": deal.note, "pr_detail": line.origin["name"]}
        return values

    def choose_account(self, deal: Deal, line: Line) -> str:
        """Goods that came, or will come, without the invoice are received but not billed."""
        own = self.book.company.own
        if deal.opening:
            return own("Temporary Opening")
        goods = "Stock Received But Not Billed"
        return own(goods if line.goods.stocked else "Freight and Forwarding Charges")

    def write_note(self, registers: Registers, deal: Deal) -> str:
        """Write a Purchase Receipt."""
        return write_purchase_receipt(self.book, registers, deal)

    def move(self, stock: Stock, voucher: Voucher, line: Line, row: Row) -> float:
        """Put the goods in, or take them out, at what was paid for them."""
        rate = row["valuation_rate"]
        movement = Movement(line.goods, row["warehouse"], line.stock_qty, row["name"], rate)
        return stock.move(voucher, movement)

    def enter_goods(self, worth: float, goods_inr: float) -> list[Entry]:
        """Goods bought are stock; a paisa that their value was rounded by is a cost."""
        own = self.book.company.own
        difference = round(goods_inr - worth, 2)
        return [
            Entry(own("Stock In Hand"), worth, own("Creditors")),
            Entry(own("Cost of Goods Sold"), difference, own("Stock In Hand")),
        ]


def _unit_cost(line: Line) -> float:
    """What a stock unit costs, to the nine places of ERPNext's rates."""
    return round(line.amount / line.stock_qty, 9)
