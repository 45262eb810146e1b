"""What goes into a deal: which Items, how much of them, in which unit and at what rate.

Sales that move stock take only what is there; purchases fill up what runs low.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.books.deal import Line

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.books.items import Goods
    from demo.books.stock import Stock

_WHOLE = tuple(float(number) for number in range(1, 25))
_HALVES = tuple(number / 2 for number in range(1, 25))
_LINES = (1, 2, 3, 3, 3, 4, 4, 4, 5, 6)
_DISCOUNTS = (5.0, 7.5, 10.0)
_LOTS_BOUGHT = (3.0, 4.0, 5.0, 6.0)
_LOOKS = 4
_IN_BULK = 0.15
_SERVICE = 0.04


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where sales find their goods; without `stock` nobody looks what is there."""

    items: list[Goods]
    services: list[Goods]
    stock: Stock | None


def fill_basket(
    book: Book, shelf: Shelf, warehouse: str, *, buys: bool, rate: float = 1.0
) -> list[Line]:
    """Draw one to six lines, at what goods cost or are sold for.

    What moves stock is of different goods, so that each line finds what it looked for.
    `rate`: rupees for one of the deal's currency.
    """
    lines: list[Line] = []
    for _ in range(book.rng.choice(_LINES)):
        goods = _choose(book, shelf, warehouse, buys=buys)
        if shelf.stock and goods in [line.goods for line in lines]:
            continue
        most = None if buys or not shelf.stock else shelf.stock.available(goods, warehouse)
        lines.append(_draw_line(book, goods, rate, most, buys=buys))
    return lines


def _choose(book: Book, shelf: Shelf, warehouse: str, *, buys: bool) -> Goods:
    """Choose goods; a service where no look finds any."""
    rng, stock = book.rng, shelf.stock
    if not stock:
        return rng.choice(shelf.items)
    if rng.random() < _SERVICE:
        return rng.choice(shelf.services)
    looks = [rng.choice(shelf.items) for _ in range(_LOOKS)]
    if buys:
        return min(looks, key=lambda goods: stock.available(goods, warehouse))
    found = (goods for goods in looks if stock.available(goods, warehouse) >= 1)
    return next(found, None) or rng.choice(shelf.services)


def _draw_line(book: Book, goods: Goods, rate: float, most: float | None, *, buys: bool) -> Line:
    """Draw how much; `most` of what is kept in stock."""
    rng = book.rng
    qty = rng.choice(_WHOLE if goods.whole else _HALVES)
    unit, factor = goods.unit, 1.0
    if buys and goods.stocked:
        qty *= rng.choice(_LOTS_BOUGHT)
    if goods.bulk and rng.random() < _IN_BULK:
        unit, factor = goods.bulk
        qty = max(1.0, qty // 8)
    if most is not None and goods.stocked and qty * factor > most:
        unit, factor = goods.unit, 1.0
        qty = most // 1
    listed = round((goods.cost_inr if buys else goods.rate_inr) * factor / rate, 2)
    chance = rng.random()
    discount = _DISCOUNTS[int(chance * 20)] if chance < 0.15 else 0.0  # noqa: PLR2004
    asked = round(listed * (1 - discount / 100), 2) if discount else listed
    return Line(goods, qty, unit, factor, listed, discount, asked, round(qty * asked, 2))
