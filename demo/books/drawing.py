"""What is traded next: a new deal, a cancelled one anew, or a recent one taken back.

Goods move with the invoice, or with a note of their own before it, or (a few) have not moved yet.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from demo.books.basket import Shelf, fill_basket
from demo.books.chart import GODOWN, STORES
from demo.books.deal import SUBMITTED, Deal, Line, take_back
from demo.books.items import OPENING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.books.book import Book
    from demo.books.parties import Party
    from demo.site.dataset import Row

DOLLAR_INR = 83.4

# How the goods move: with the invoice, with a note before it, or not yet.
_WITH_INVOICE, _WITH_NOTE = 0.6, 0.9
_FROM_GODOWN = 0.15
_IN_PART = 1 / 3
_SETTLES_SOURCE = 0.5
_RECENT = 40


@dataclass(frozen=True, slots=True)
class Written:
    """A deal and the invoice that came of it."""

    deal: Deal
    invoice: Row


@dataclass(frozen=True, slots=True)
class Trade:
    """One side of trade: its numbering series, its parties, and whether it buys."""

    series: str
    parties: Sequence[Party]
    buys: bool


class Drawer:
    """Draws the deals of one side of trade, in order of time."""

    def __init__(self, book: Book, shelf: Shelf, trade: Trade) -> None:
        self._book = book
        self._shelf = shelf
        self._trade = trade
        self._numbers: Counter[str] = Counter()
        self._recent: list[Written] = []

    def remember(self, written: Written) -> None:
        """Keep an invoice that may be taken back."""
        self._recent = [*self._recent[1 - _RECENT :], written]

    def draw(self, moment: float) -> Deal:
        """Draw a new deal; its `note` is empty where one has to be written first."""
        book, rng = self._book, self._book.rng
        stamp = book.clock.stamp(moment)
        parties = self._trade.parties
        party = parties[int(len(parties) * rng.random() ** 2)]
        foreign = party.currency != "INR"
        rate = round(DOLLAR_INR + 2 * rng.random(), 2) if foreign else 1.0
        place = book.company.own(GODOWN if rng.random() < _FROM_GODOWN else STORES)
        moves = rng.random() if self._shelf.stock else 1.0
        deal = Deal(
            name=self._number(self._trade.series.replace(".YYYY.", str(stamp.created.year))),
            stamp=stamp,
            party=party,
            lines=self._fill(place, rate),
            taxed=rng.random() * 100 < book.company.taxed_percent and not foreign,
            rate=rate,
            warehouse=place,
            moves_stock=moves < _WITH_INVOICE,
        )
        goods_only = all(line.goods.stocked for line in deal.lines)
        deal.note = "" if _WITH_INVOICE <= moves < _WITH_NOTE and goods_only else None
        return deal

    def amend(self, original: Deal, moment: float) -> Deal:
        """Draw a cancelled deal, which had no note, anew."""
        return replace(
            original,
            name=f"{original.name}-1",
            stamp=self._book.clock.stamp(moment),
            lines=self._fill(original.warehouse, original.rate),
            docstatus=SUBMITTED,
            amended_from=original.name,
        )

    def take_back(self, moment: float) -> Deal | None:
        """Take back a recent deal, one in three only its first line; None if that can't be."""
        rng = self._book.rng
        if not self._recent:
            return None
        source = self._recent.pop(rng.randrange(len(self._recent)))
        deal, invoice = source.deal, source.invoice
        if deal.moves_stock and self._trade.buys and not self._is_there(deal):
            return None
        lines = take_back(deal.lines, invoice["items"])
        stamp = self._book.clock.stamp(moment)
        # A foreign invoice is paid whole, so nothing may have lowered it before.
        untouched = invoice["outstanding_amount"] == deal.totals.due and deal.rate == 1.0
        return replace(
            deal,
            name=self._number(self._trade.series.replace(".YYYY.", f"RET-{stamp.created.year}")),
            stamp=stamp,
            lines=lines[:1] if rng.random() < _IN_PART else lines,
            note=None,
            amended_from=None,
            return_against=deal.name,
            settles=invoice if untouched and rng.random() < _SETTLES_SOURCE else None,
        )

    def open(self, moment: float, party: Party, amount_inr: float) -> Deal:
        """Draw what a party owed, or was owed, when the books were opened."""
        stamp = self._book.clock.stamp(moment)
        line = Line(OPENING, 1.0, "Nos", 1.0, amount_inr, 0.0, amount_inr, amount_inr)
        name = self._number(self._trade.series.replace(".YYYY.", str(stamp.created.year)))
        return Deal(name, stamp, party, [line], taxed=False, opening=True)

    def _fill(self, place: str, rate: float) -> list[Line]:
        return fill_basket(self._book, self._shelf, place, buys=self._trade.buys, rate=rate)

    def _is_there(self, deal: Deal) -> bool:
        """Tell whether twice of what was bought is there, so that no average goes below zero."""
        stock = self._shelf.stock
        return stock is None or all(
            stock.available(line.goods, deal.warehouse) >= 2 * line.stock_qty
            for line in deal.lines
            if line.goods.stocked
        )

    def _number(self, prefix: str) -> str:
        self._numbers[prefix] += 1
        return f"{prefix}{self._numbers[prefix]:05d}"
