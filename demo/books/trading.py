"""A year of trade: sales, purchases, payments and stock entries, as they come.

Time goes as documents are spent: the books open before the first day, and the last is written
when the budget is used up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.books.basket import Shelf
from demo.books.drawing import Drawer, Trade
from demo.books.invoices import Registers
from demo.books.ledger import Ledger
from demo.books.mix import EVENTS, Mix
from demo.books.notes import prefill_notes
from demo.books.payments import PaymentWriter
from demo.books.purchases import PURCHASE_SERIES, PurchaseWriter
from demo.books.sales import SALES_SERIES, SalesWriter
from demo.books.stock import Stock
from demo.books.stock_entries import OPENING_MOMENT, StockEntryWriter

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.books.items import Catalogue
    from demo.books.parties import Parties

# The most documents that one event leaves with all its ledger entries.
_MOST_OF_AN_EVENT = 60
_PARTIES_WITH_OPENING = 50
_EVENTS = ("sell", "buy", "pay", "handle")


class Year:
    """The trade of one site, at most `budget` documents of it."""

    def __init__(
        self, book: Book, mix: Mix, catalogue: Catalogue, parties: Parties, budget: int
    ) -> None:
        self._book = book
        self._mix = mix
        self._catalogue = catalogue
        self._parties = parties
        self._budget = budget
        self._start = book.count_documents()
        stock = Stock(book) if mix.keeps_ledgers else None
        registers = Registers(Ledger(book), stock) if stock else None
        shelf = Shelf(catalogue.goods, catalogue.services, stock)
        selling = Trade(SALES_SERIES, parties.customers, buys=False)
        buying = Trade(PURCHASE_SERIES, parties.suppliers, buys=True)
        self._sales = SalesWriter(book, registers, Drawer(book, shelf, selling))
        self._purchases = PurchaseWriter(book, registers, Drawer(book, shelf, buying))
        self._payments = PaymentWriter(book, registers.ledger if registers else None)
        self._stock_entries = StockEntryWriter(book, registers) if registers else None
        prefill_notes(book)

    def trade(self) -> None:
        """Write the year, until another event might not fit."""
        if self._stock_entries:
            self._open(self._stock_entries)
        most = _MOST_OF_AN_EVENT if self._mix.keeps_ledgers else 1
        while self._left() >= most:
            self._write_event((self._budget - self._left()) / self._budget)
        if not self._book.documents["Sales Invoice"]:
            self._sales.write_draft(0.9)

    def _left(self) -> int:
        return self._budget - (self._book.count_documents() - self._start)

    def _open(self, entries: StockEntryWriter) -> None:
        """Open the books with some stock, and with what some parties owe and are owed."""
        rng = self._book.rng
        entries.open(self._catalogue.goods[: self._budget // 10])
        if self._left() < 2 * _MOST_OF_AN_EVENT:
            return
        sides = ((self._sales, self._parties.customers), (self._purchases, self._parties.suppliers))
        for writer, parties in sides:
            for party in parties[::_PARTIES_WITH_OPENING]:
                if party.currency == "INR":
                    amount = float(rng.randrange(500, 20_000))
                    writer.write_opening(OPENING_MOMENT / 2, party, amount)

    def _write_event(self, moment: float) -> None:
        rng, step = self._book.rng, 1 / self._budget
        (event,) = rng.choices(_EVENTS, EVENTS[self._mix])
        if event == "sell":
            self._sales.write(moment, step)
        elif event == "buy":
            self._purchases.write(moment, step)
        elif event == "pay":
            pays = rng.random() < 0.25  # noqa: PLR2004
            unpaid = self._purchases.open if pays else self._sales.open
            self._payments.write("Pay" if pays else "Receive", moment, unpaid)
        elif self._stock_entries:
            self._stock_entries.write(moment, self._catalogue.goods)
