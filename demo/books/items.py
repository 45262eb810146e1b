"""Items: seed, paddy, millets and pulses, some of them with names hard to put in a URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.books.names import UniqueNames

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.site.dataset import Row

AWKWARD_ITEMS = (
    "Ragi/Finger Millet 1kg",
    "Kandi Pappu 100% Desi",
    "కందిపప్పు 500 గ్రా",
    "रागी आटा 1kg",
    '"Erra" Seed 5kg',
    "'Pacha' Jonna",
    "(Sample) Seed Kit?",
    "#2 Grade Korra",
    "...Mixed Millets...",
    "Paddy VJ-12/",
    "Pesalu & Minumulu + Senaga; 50%",
    "Sajja \\ Bajra",
    "Harvest 🌾 Mix",
)
_CROPS = {
    "Seed": ("Kandi", "Jonna", "Vari", "Pesalu", "Minumulu", "Nuvvulu"),
    "Paddy": ("VJ-12", "VJ-21", "Nalla Vadlu", "Erra Vadlu"),
    "Millets": ("Ragi", "Korra", "Sama", "Sajja", "Andu Korra"),
    "Pulses": ("Kandi Pappu", "Pesara Pappu", "Minapa Pappu", "Senaga Pappu"),
}
COST_SHARE = 0.8

_SEED_GROUPS = ("Seed", "Seed", "Paddy", "Pulses")
_FOOD_GROUPS = ("Millets", "Pulses", "Millets", "Paddy")
_PACKS = ("500g", "1kg", "2kg", "5kg", "10kg", "25kg")


@dataclass(frozen=True, slots=True)
class Goods:
    """What an invoice line needs to know of an Item: `rate_inr` to sell, `cost_inr` to buy."""

    code: str
    title: str
    group: str
    unit: str
    description: str
    rate_inr: float
    cost_inr: float
    whole: bool


def add_items(book: Book, count: int) -> list[Goods]:
    """Add `count` Items, the awkward ones first after the first."""
    own, company = book.company.own, book.company.name
    book.prefill(
        "Item", {"naming_series": "STO-ITEM-.YYYY.-", "is_stock_item": 1, "grant_commission": 1}
    )
    book.prefill("Item", {"is_sales_item": 1, "is_purchase_item": 1, "end_of_life": "2099-12-31"})
    book.prefill("Item", {"default_material_request_type": "Purchase", "valuation_method": ""})
    book.prefill("Item Default", {"company": company, "default_warehouse": own("Stores")})
    book.prefill("Item Default", {"income_account": own("Sales")})
    names = UniqueNames()
    return [_add_item(book, names, place) for place in range(count)]


def _add_item(book: Book, names: UniqueNames, place: int) -> Goods:
    rng = book.rng
    group = rng.choice(_SEED_GROUPS if book.company.sells_seed else _FOOD_GROUPS)
    crop, pack = rng.choice(_CROPS[group]), rng.choice(_PACKS)
    title = f"{crop} {group} {pack}"
    code = f"{group[:3].upper()}-{place:05d}" if rng.random() < 0.5 else title  # noqa: PLR2004
    if 0 < place <= len(AWKWARD_ITEMS):
        code = title = AWKWARD_ITEMS[place - 1]
    unit, whole = ("Nos", True) if pack.endswith("kg") else ("Kg", False)
    about = f"<div>{crop} &amp; more from our members' fields — <b>{group}</b>, cleaned</div>"
    rate = rng.randrange(4_000, 120_000) / 100
    cost = round(rate * COST_SHARE, 2)
    goods = Goods(names.take(code), title, group, unit, about, rate, cost, whole)
    _write_item(book, goods, crop)
    return goods


def _write_item(book: Book, goods: Goods, crop: str) -> None:
    values: Row = {"item_code": goods.code, "item_name": goods.title, "item_group": goods.group}
    values |= {"stock_uom": goods.unit, "description": goods.description, "custom_variety": crop}
    values |= {"standard_rate": goods.rate_inr, "valuation_rate": goods.cost_inr}
    row = book.add_master("Item", goods.code, values)
    book.add_child(row, "uoms", {"uom": goods.unit, "conversion_factor": 1.0})
    book.add_child(row, "item_defaults", {})
