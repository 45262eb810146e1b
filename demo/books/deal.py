"""One sale or purchase and its arithmetic, before it becomes an invoice.

Rounded as ERPNext does: amounts to paise, the total to rupees (half to even).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from demo.books.words import spell_rupees

if TYPE_CHECKING:
    from random import Random

    from demo.books.clock import Stamp
    from demo.books.items import Goods
    from demo.books.parties import Party

DRAFT, SUBMITTED, CANCELLED = 0, 1, 2

_WHOLE = tuple(float(number) for number in range(1, 25))
_HALVES = tuple(number / 2 for number in range(1, 25))
_LINES = (1, 2, 3, 3, 3, 4, 4, 4, 5, 6)
_DISCOUNTS = (5.0, 7.5, 10.0)


class Line(NamedTuple):
    """What is bought of one Item; rates and amount in rupees."""

    goods: Goods
    qty: float
    listed: float
    discount_percent: float
    rate: float
    amount: float


class Tax(NamedTuple):
    """One tax on the whole deal: `total` is what the deal comes to with it."""

    title: str
    percent: float
    by_item: dict[str, list[float]]
    amount: float
    total: float


class Totals(NamedTuple):
    """What a deal comes to, in rupees."""

    qty: float
    net: float
    tax: float
    grand: float
    rounded: float
    adjustment: float
    in_words: str


@dataclass(slots=True)
class Deal:
    """A sale or purchase; `taxes` and `totals` follow from the lines."""

    name: str
    stamp: Stamp
    party: Party
    lines: list[Line]
    taxed: bool
    docstatus: int = SUBMITTED
    return_against: str | None = None
    amended_from: str | None = None
    taxes: list[Tax] = field(init=False)
    totals: Totals = field(init=False)

    def __post_init__(self) -> None:
        net = round(sum(line.amount for line in self.lines), 2)
        self.taxes = []
        grand = net
        for title in ("CGST", "SGST") if self.taxed else ():
            self.taxes.append(_tax_lines(title, 2.5, self.lines, grand))
            grand = self.taxes[-1].total
        rounded = float(round(grand))
        self.totals = Totals(
            qty=sum(line.qty for line in self.lines),
            net=net,
            tax=round(grand - net, 2),
            grand=grand,
            rounded=rounded,
            adjustment=round(rounded - grand, 2),
            in_words=spell_rupees(rounded),
        )


def draw_lines(rng: Random, items: list[Goods], *, buys: bool) -> list[Line]:
    """Draw one to six lines, at what the goods cost or are sold for."""
    return [_draw_line(rng, rng.choice(items), buys=buys) for _ in range(rng.choice(_LINES))]


def take_back(lines: list[Line]) -> list[Line]:
    """Turn lines into those of a return: all quantities and amounts negative."""
    return [line._replace(qty=-line.qty, amount=-line.amount) for line in lines]


def print_taxes(deal: Deal) -> str | None:
    """Print the tax of each Item as the HTML table that ERPNext keeps with an invoice."""
    if not deal.taxes:
        return None
    heads = "".join(f'<th class="text-right">{tax.title}</th>' for tax in deal.taxes)
    rows = [f"<tr><th>Item</th>{heads}</tr>"]
    for code in deal.taxes[0].by_item:
        shares = (tax.by_item[code] for tax in deal.taxes)
        cells = (
            f'<td class="text-right">({rate}%) ₹ {amount:,.2f}</td>' for rate, amount in shares
        )
        rows.append(f"<tr><td>{escape(code)}</td>{''.join(cells)}</tr>")
    table = "\n\t\t".join(rows)
    return f'<div class="tax-break-up">\n\t<table class="table">\n\t\t{table}\n\t</table>\n</div>'


def _draw_line(rng: Random, goods: Goods, *, buys: bool) -> Line:
    qty = rng.choice(_WHOLE if goods.whole else _HALVES)
    listed = goods.cost_inr if buys else goods.rate_inr
    chance = rng.random()
    discount = _DISCOUNTS[int(chance * 20)] if chance < 0.15 else 0.0  # noqa: PLR2004
    rate = round(listed * (1 - discount / 100), 2) if discount else listed
    return Line(goods, qty, listed, discount, rate, round(qty * rate, 2))


def _tax_lines(title: str, percent: float, lines: list[Line], before: float) -> Tax:
    by_item: dict[str, list[float]] = {}
    for line in lines:
        share = by_item.setdefault(line.goods.code, [percent, 0.0])
        share[1] = round(share[1] + round(line.amount * percent / 100, 2), 2)
    amount = round(sum(share[1] for share in by_item.values()), 2)
    return Tax(title, percent, by_item, amount, round(before + amount, 2))
