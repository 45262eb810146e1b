"""Stock by item and warehouse: every movement is a Stock Ledger Entry, the rest is in its Bin.

Valued by moving average with ERPNext's arithmetic: rates of nine places, the value in paise, and
what a movement is worth is the difference of two values. A cancelled voucher leaves its rows and
their reversals, and stock as if it had never been.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.books.clock import Stamp
    from demo.books.items import Goods
    from demo.books.voucher import Voucher
    from demo.site.dataset import Row

_RATE_PLACES = 9


class Movement(NamedTuple):
    """`qty` of goods in stock units, in above zero and out below, at a place.

    `rate`: what one unit costs that comes in or goes back; without it stock leaves at the average.
    `detail`: the voucher's row.
    """

    goods: Goods
    warehouse: str
    qty: float
    detail: str
    rate: float | None = None


class _Balance(NamedTuple):
    qty: float = 0.0
    rate: float = 0.0
    value: float = 0.0


_NOTHING = _Balance()


class Stock:
    """What is where, and what it is worth."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._balances: dict[tuple[str, str], _Balance] = {}
        self._bins: dict[tuple[str, str], Row] = {}
        common: Row = {"company": book.company.name, "docstatus": 1, "to_rename": 1}
        book.prefill("Stock Ledger Entry", common)

    def available(self, goods: Goods, warehouse: str) -> float:
        """Tell how much of something a warehouse has, in stock units."""
        return self._balances.get((goods.code, warehouse), _NOTHING).qty

    def rate(self, goods: Goods, warehouse: str) -> float:
        """Tell what a unit in a warehouse is worth."""
        return self._balances.get((goods.code, warehouse), _NOTHING).rate

    def move(self, voucher: Voucher, movement: Movement) -> float:
        """Write a movement; give the change of the stock's value in rupees."""
        place = movement.goods.code, movement.warehouse
        before = self._balances.get(place, _NOTHING)
        after = _shift(before, movement)
        difference = round(after.value - before.value, 2)
        values = self._fill(voucher, movement)
        values |= {"actual_qty": movement.qty, "stock_value_difference": difference}
        values |= {"qty_after_transaction": after.qty, "stock_value": after.value}
        values |= {"stock_queue": json.dumps([[after.qty, after.rate]])}
        self._add(voucher, values | {"valuation_rate": after.rate})
        if voucher.cancelled:
            turned = {"actual_qty": -movement.qty, "stock_value_difference": -difference}
            self._add(voucher, values | turned | dict.fromkeys(_RUNNING, 0.0), reverses=True)
        else:
            self._balances[place] = after
            self._keep_bin(voucher, movement, after)
        return difference

    def _fill(self, voucher: Voucher, movement: Movement) -> Row:
        way = "incoming_rate" if movement.qty > 0 else "outgoing_rate"
        average = self.rate(movement.goods, movement.warehouse)
        return {
            "item_code": movement.goods.code,
            "warehouse": movement.warehouse,
            "stock_uom": movement.goods.unit,
            "posting_date": voucher.posted_on,
            "posting_time": voucher.posted_at,
            "posting_datetime": str(voucher.created),
            "fiscal_year": voucher.fiscal_year,
            "voucher_type": voucher.doctype,
            "voucher_no": voucher.name,
            "voucher_detail_no": movement.detail,
            "is_cancelled": int(voucher.cancelled),
            way: average if movement.rate is None else movement.rate,
        }

    def _add(self, voucher: Voucher, values: Row, *, reverses: bool = False) -> None:
        stamp = self._book.clock.follow(voucher.created, later=reverses)
        self._book.add("Stock Ledger Entry", self._book.make_name(), stamp, values)

    def _keep_bin(self, voucher: Voucher, movement: Movement, after: _Balance) -> None:
        place = movement.goods.code, movement.warehouse
        stamp = self._book.clock.follow(voucher.created)
        row = self._bins.get(place)
        if row is None:
            values = {"item_code": place[0], "warehouse": place[1]}
            values["stock_uom"] = movement.goods.unit
            row = self._bins[place] = self._book.add("Bin", self._book.make_name(), stamp, values)
        _write_bin(row, stamp, after)


_RUNNING = ("qty_after_transaction", "stock_value")


def _write_bin(row: Row, stamp: Stamp, after: _Balance) -> None:
    row["modified"] = stamp.modified
    row["actual_qty"] = row["projected_qty"] = after.qty
    row["valuation_rate"] = after.rate
    row["stock_value"] = after.value


def _shift(before: _Balance, movement: Movement) -> _Balance:
    qty = round(before.qty + movement.qty, 3)
    if qty < 0:
        raise ValueError(f"{movement.warehouse} has too little of {movement.goods.code}")
    rate = before.rate
    if movement.rate is not None and qty:
        worth = before.qty * before.rate + movement.qty * movement.rate
        rate = round(worth / qty, _RATE_PLACES)
    return _Balance(qty, rate, round(qty * rate, 2))
