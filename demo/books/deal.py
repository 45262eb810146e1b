"""One sale or purchase and its arithmetic, before it becomes a document.

Rounded as ERPNext does: amounts to paise, the total to rupees (half to even) but in a foreign
currency, where rounding is switched off and the rounded total is zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from demo.books.words import spell_amount

if TYPE_CHECKING:
    from demo.books.clock import Stamp
    from demo.books.items import Goods
    from demo.books.parties import Party
    from demo.site.dataset import Row

DRAFT, SUBMITTED, CANCELLED = 0, 1, 2


class Line(NamedTuple):
    """What is traded of one Item, in a unit of which `factor` stock units are one.

    Rates and amount are in the deal's currency. `origin`: the row of the note, receipt or invoice
    that this line bills or takes back.
    """

    goods: Goods
    qty: float
    unit: str
    factor: float
    listed: float
    discount_percent: float
    rate: float
    amount: float
    origin: Row | None = None

    @property
    def stock_qty(self) -> float:
        """The quantity in stock units."""
        return round(self.qty * self.factor, 3)


class Tax(NamedTuple):
    """One tax on the whole deal: `total` is what the deal comes to with it."""

    title: str
    percent: float
    by_item: dict[str, list[float]]
    amount: float
    total: float


class Totals(NamedTuple):
    """What a deal comes to, in its currency; `due` is what the party owes."""

    qty: float
    net: float
    tax: float
    grand: float
    rounded: float
    adjustment: float
    due: float
    in_words: str


@dataclass(slots=True)
class Deal:
    """A sale or purchase; `taxes` and `totals` follow from the lines.

    `moves_stock`: its invoice moves the goods, from or into `warehouse`. `note`: the Delivery Note
    or Purchase Receipt that moved them before. `settles`: the invoice whose outstanding amount a
    return lowers; without it a return has one of its own.
    """

    name: str
    stamp: Stamp
    party: Party
    lines: list[Line]
    taxed: bool
    docstatus: int = SUBMITTED
    warehouse: str = ""
    rate: float = 1.0
    moves_stock: bool = False
    opening: bool = False
    note: str | None = None
    return_against: str | None = None
    settles: Row | None = None
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
        rounds = self.party.currency == "INR"
        rounded = float(round(grand)) if rounds else 0.0
        due = rounded if rounds else grand
        self.totals = Totals(
            qty=sum(line.qty for line in self.lines),
            net=net,
            tax=round(grand - net, 2),
            grand=grand,
            rounded=rounded,
            adjustment=round(rounded - grand, 2) if rounds else 0.0,
            due=due,
            in_words=spell_amount(due, self.party.currency),
        )

    def to_inr(self, amount: float) -> float:
        """Convert an amount of the deal's currency."""
        return amount if self.rate == 1.0 else round(amount * self.rate, 2)

    @property
    def net_inr(self) -> float:
        """The net total in rupees: the sum of the lines, each converted and rounded."""
        return round(sum(self.to_inr(line.amount) for line in self.lines), 2)

    @property
    def due_inr(self) -> float:
        """What the party owes in rupees."""
        return self.totals.due if self.rate == 1.0 else self.net_inr


def take_back(lines: list[Line], origins: list[Row]) -> list[Line]:
    """Turn lines into those of a return: all quantities and amounts negative."""
    return [
        line._replace(qty=-line.qty, amount=-line.amount, origin=origin)
        for line, origin in zip(lines, origins, strict=True)
    ]


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


def _tax_lines(title: str, percent: float, lines: list[Line], before: float) -> Tax:
    by_item: dict[str, list[float]] = {}
    for line in lines:
        share = by_item.setdefault(line.goods.code, [percent, 0.0])
        share[1] = round(share[1] + round(line.amount * percent / 100, 2), 2)
    amount = round(sum(share[1] for share in by_item.values()), 2)
    return Tax(title, percent, by_item, amount, round(before + amount, 2))
