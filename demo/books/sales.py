"""Sales Invoices: on credit, or at the counter and paid at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.books.deal import SUBMITTED, Deal, Line
from demo.books.farmers import SEASONS
from demo.books.invoices import InvoiceWriter
from demo.books.ledger import DOLLAR_ACCOUNT, Entry
from demo.books.notes import write_delivery_note
from demo.books.stock import Movement

if TYPE_CHECKING:
    from demo.books.invoices import Registers
    from demo.books.stock import Stock
    from demo.books.voucher import Voucher
    from demo.site.dataset import Row

SALES_SERIES = "ACC-SINV-.YYYY.-"

_LOTS = tuple(f"LOT{number:05d}" for number in range(10_000, 11_000))


class SalesWriter(InvoiceWriter):
    """Writes Sales Invoices."""

    doctype = "Sales Invoice"
    series = SALES_SERIES
    side = "Customer"
    sign = 1

    def prefill(self) -> None:
        """Write the constants of sales."""
        super().prefill()
        own = self.book.company.own
        head: Row = {"debit_to": own("Debtors"), "against_income_account": own("Sales")}
        head |= {"selling_price_list": "Standard Selling", "contact_email": ""}
        head["update_billed_amount_in_delivery_note"] = 1
        self.book.prefill("Sales Invoice", head)
        line: Row = {"grant_commission": 1, "expense_account": own("Cost of Goods Sold")}
        self.book.prefill("Sales Invoice Item", line)

    def fill_head(self, deal: Deal) -> Row:
        """Give the customer's order, and what was paid at the counter."""
        rng, totals = self.book.rng, deal.totals
        order = f"PO/{rng.randrange(1, 400)}/{deal.stamp.created.month}"
        values: Row = {"po_no": order, "remarks": f"Against Customer Order {order}"}
        values["custom_season"] = SEASONS[deal.stamp.created.month % 3]
        values["amount_eligible_for_commission"] = totals.net
        if deal.party.currency != "INR":
            values["debit_to"] = self.book.company.own(DOLLAR_ACCOUNT)
            return values
        plain = deal.docstatus == SUBMITTED and not deal.return_against and not deal.opening
        if plain and rng.random() * 100 < self.book.company.counter_percent:
            values |= {"is_pos": 1, "paid_amount": totals.rounded, "outstanding_amount": 0.0}
            values |= {"base_paid_amount": totals.rounded, "status": "Paid"}
        return values

    def fill_line(self, deal: Deal, line: Line) -> Row:
        """Give the lot, the income account, and what the line refers to."""
        values: Row = {"income_account": self.choose_account(deal, line)}
        values["custom_seed_lot"] = self.book.rng.choice(_LOTS)
        values["incoming_rate"] = line.goods.cost_inr
        if deal.return_against and line.origin:
            values["sales_invoice_item"] = line.origin["name"]
            values["incoming_rate"] = line.origin["incoming_rate"]
        elif deal.note and line.origin:
            values |= {"delivery_note": deal.note, "dn_detail": line.origin["name"]}
            values["incoming_rate"] = line.origin["incoming_rate"]
        return values

    def choose_account(self, deal: Deal, line: Line) -> str:
        """Goods are sales, services an income of their own."""
        if deal.opening:
            return self.book.company.own("Temporary Opening")
        return self.book.company.own("Sales" if line.goods.stocked else "Service")

    def write_note(self, registers: Registers, deal: Deal) -> str:
        """Write a Delivery Note."""
        return write_delivery_note(self.book, registers, deal)

    def move(self, stock: Stock, voucher: Voucher, line: Line, row: Row) -> float:
        """Take the goods out at the average; put what comes back in at what it left at."""
        rate = row["incoming_rate"] if line.qty < 0 else None
        if rate is None:
            row["incoming_rate"] = stock.rate(line.goods, row["warehouse"])
        row["actual_qty"] = stock.available(line.goods, row["warehouse"])
        movement = Movement(line.goods, row["warehouse"], -line.stock_qty, row["name"], rate)
        return stock.move(voucher, movement)

    def enter_goods(self, worth: float, goods_inr: float) -> list[Entry]:
        """Goods sold are income; what they cost leaves stock as cost of goods sold."""
        own = self.book.company.own
        cost, stock = own("Cost of Goods Sold"), own("Stock In Hand")
        return [
            Entry(own("Sales"), -goods_inr, own("Debtors")),
            Entry(stock, worth, cost),
            Entry(cost, -worth, stock),
        ]

    def add_payment_terms(self, invoice: Row, deal: Deal) -> None:
        """At the counter there are no terms but a payment."""
        if not invoice["is_pos"]:
            super().add_payment_terms(invoice, deal)
            return
        paid = invoice["paid_amount"]
        values: Row = {"mode_of_payment": "Cash", "account": self.book.company.own("Cash")}
        values |= {"amount": paid, "base_amount": paid, "type": "Cash", "default": 1}
        self.book.add_child(invoice, "payments", values)

    def enter_payment(self, claim: Entry, invoice: Row) -> list[Entry]:
        """What is paid at the counter settles the claim at once."""
        if not invoice["is_pos"]:
            return []
        cash = self.book.company.own("Cash")
        paid = claim._replace(amount=-claim.amount, against=cash, due_date=None)
        return [paid, Entry(cash, claim.amount, claim.party[1])]
