"""Stock Entries: the stock that the books were opened with, goods spoilt, and goods moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from demo.books.chart import GODOWN, STORES
from demo.books.clock import format_date, format_time
from demo.books.deal import SUBMITTED
from demo.books.ledger import Entry
from demo.books.people import list_clerks
from demo.books.stock import Movement
from demo.books.voucher import Voucher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.books.book import Book
    from demo.books.clock import Stamp
    from demo.books.invoices import Registers
    from demo.books.items import Goods
    from demo.site.dataset import Row

OPENING_MOMENT = -0.05

_MOST_LINES = 40
_SPOILS = 0.6


class _Part(NamedTuple):
    """What moves of one Item, from one warehouse to another, or only out or in."""

    goods: Goods
    qty: float
    source: str | None
    target: str | None


class StockEntryWriter:
    """Writes Stock Entries."""

    def __init__(self, book: Book, registers: Registers) -> None:
        self._book = book
        self._registers = registers
        values: Row = {"naming_series": "MAT-STE-.YYYY.-", "company": book.company.name}
        book.prefill("Stock Entry", values | {"use_multi_level_bom": 1, "is_opening": "No"})
        line: Row = {"cost_center": book.company.own("Main"), "conversion_factor": 1.0}
        book.prefill("Stock Entry Detail", line)

    def open(self, items: Sequence[Goods]) -> None:
        """Write the stock that was there when the books were opened."""
        book, stores = self._book, self._book.company.own(STORES)
        for start in range(0, len(items), _MOST_LINES):
            stamp = book.clock.stamp(OPENING_MOMENT + start / len(items) / 100)
            some = items[start : start + _MOST_LINES]
            parts = [_Part(each, float(book.rng.randrange(20, 400)), None, stores) for each in some]
            self._write("Material Receipt", stamp, parts, "Temporary Opening")

    def write(self, moment: float, items: Sequence[Goods]) -> None:
        """Write that some goods were spoilt, or moved from the stores to the godown."""
        book, rng, own = self._book, self._book.rng, self._book.company.own
        spoils = rng.random() < _SPOILS
        stores, target = own(STORES), None if spoils else own(GODOWN)
        stock = self._registers.stock
        found = [goods for goods in rng.sample(items, 4) if stock.available(goods, stores) >= 4]  # noqa: PLR2004
        if not found:
            return
        shares = {goods: stock.available(goods, stores) // (20 if spoils else 4) for goods in found}
        parts = [_Part(goods, share or 1.0, stores, target) for goods, share in shares.items()]
        purpose = "Material Issue" if spoils else "Material Transfer"
        self._write(purpose, book.clock.stamp(moment), parts, "Stock Adjustment")

    def _write(self, purpose: str, stamp: Stamp, parts: list[_Part], account: str) -> None:
        book, own, created = self._book, self._book.company.own, stamp.created
        values: Row = {"stock_entry_type": purpose, "purpose": purpose, "docstatus": SUBMITTED}
        values |= {"posting_date": format_date(created.date())}
        values |= {"posting_time": format_time(created), "set_posting_time": 1}
        values |= {"from_warehouse": parts[0].source, "to_warehouse": parts[0].target}
        values["is_opening"] = "Yes" if account == "Temporary Opening" else "No"
        values["owner"] = values["modified_by"] = book.rng.choice(list_clerks(book))
        name = f"MAT-STE-{created.year}-{len(book.documents['Stock Entry']) + 1:05d}"
        entry = book.add("Stock Entry", name, stamp, values)
        voucher = Voucher.of(entry, created, subtype=purpose, remarks="Accounting Entry for Stock")
        worth = sum(self._move(voucher, entry, part, own(account)) for part in parts)
        worth = round(worth, 2)
        entry["value_difference"] = worth
        stock, other = own("Stock In Hand"), own(account)
        entries = [Entry(stock, worth, other), Entry(other, -worth, stock)]
        self._registers.ledger.post(voucher, entries)

    def _move(self, voucher: Voucher, entry: Row, part: _Part, account: str) -> float:
        """Move one line; give the change of the whole stock's value."""
        stock, (goods, qty, source, target) = self._registers.stock, part
        rate = stock.rate(goods, source) if source else goods.cost_inr
        amount = round(qty * rate, 2)
        values: Row = {"item_code": goods.code, "item_name": goods.title, "qty": qty}
        values |= {"s_warehouse": source, "t_warehouse": target, "transfer_qty": qty}
        values |= {"uom": goods.unit, "stock_uom": goods.unit, "item_group": goods.group}
        values |= {"description": goods.description, "expense_account": account}
        values |= {"basic_rate": rate, "valuation_rate": rate}
        values |= {"basic_amount": amount, "amount": amount}
        row = self._book.add_child(entry, "items", values)
        entry["total_amount"] = round(entry["total_amount"] + amount, 2)
        worth = 0.0
        if source:
            entry["total_outgoing_value"] = round(entry["total_outgoing_value"] + amount, 2)
            worth += stock.move(voucher, Movement(goods, source, -qty, row["name"]))
        if target:
            entry["total_incoming_value"] = round(entry["total_incoming_value"] + amount, 2)
            worth += stock.move(voucher, Movement(goods, target, qty, row["name"], rate))
        return worth
