"""Items: seed, paddy, millets and pulses, some of them with names hard to put in a URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.books.chart import STORES
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


# A pack has its weight or, one in five, doesn't: those can't be converted to kilograms.
_WEIGHED = 0.8
_BULK = (("Quintal", 100.0), ("Qtl.", 100.0), ("Bag", 25.0), ("Bag", 50.0))
_SERVICES = ("Transport", "Cleaning and Grading")


@dataclass(frozen=True, slots=True)
class Goods:
    """What an invoice line needs to know of an Item: `rate_inr` to sell, `cost_inr` to buy.

    `bulk`: a larger unit that it is traded in, and how many stock units that is. What is not
    `stocked` is a service.
    """

    code: str
    title: str
    group: str
    unit: str
    description: str
    rate_inr: float
    cost_inr: float
    whole: bool = True
    bulk: tuple[str, float] | None = None
    stocked: bool = True


OPENING = Goods("", "Opening Invoice Item", "", "Nos", "Opening", 0.0, 0.0, stocked=False)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All Items."""

    goods: list[Goods]
    services: list[Goods]


def add_items(book: Book, count: int) -> Catalogue:
    """Add `count` Items, the awkward ones first after the first, and the services."""
    own, company = book.company.own, book.company.name
    book.prefill("Item", {"naming_series": "STO-ITEM-.YYYY.-", "grant_commission": 1})
    book.prefill("Item", {"is_sales_item": 1, "is_purchase_item": 1, "end_of_life": "2099-12-31"})
    book.prefill("Item", {"default_material_request_type": "Purchase"})
    book.prefill("Item Default", {"company": company, "default_warehouse": own(STORES)})
    book.prefill("Item Default", {"income_account": own("Sales")})
    names = UniqueNames()
    goods = [_add_item(book, names, place) for place in range(count)]
    return Catalogue(goods, [_add_service(book, names, title) for title in _SERVICES])


def _add_item(book: Book, names: UniqueNames, place: int) -> Goods:
    rng = book.rng
    group = rng.choice(_SEED_GROUPS if book.company.sells_seed else _FOOD_GROUPS)
    crop, pack = rng.choice(_CROPS[group]), rng.choice(_PACKS)
    title = f"{crop} {group} {pack}"
    code = f"{group[:3].upper()}-{place:05d}" if rng.random() < 0.5 else title  # noqa: PLR2004
    if 0 < place <= len(AWKWARD_ITEMS):
        code = title = AWKWARD_ITEMS[place - 1]
    about = f"<div>{crop} &amp; more from our members' fields — <b>{group}</b>, cleaned</div>"
    rate = rng.randrange(4_000, 120_000) / 100
    cost = round(rate * COST_SHARE, 2)
    loose = pack == "500g" or group == "Paddy"
    unit = "Kg" if loose else "Bag" if pack == "25kg" else "Nos"
    bulk = rng.choice(_BULK) if loose else None
    goods = Goods(names.take(code), title, group, unit, about, rate, cost, not loose, bulk)
    weight = 0.0 if loose or rng.random() > _WEIGHED else float(pack.removesuffix("kg"))
    _write_item(book, goods, {"custom_variety": crop, "weight_per_unit": weight})
    return goods


def _add_service(book: Book, names: UniqueNames, title: str) -> Goods:
    goods = Goods(names.take(title), title, "Services", "Nos", title, 450.0, 400.0, stocked=False)
    _write_item(book, goods, {"weight_per_unit": 0.0})
    return goods


def _write_item(book: Book, goods: Goods, values: Row) -> None:
    values |= {"item_code": goods.code, "item_name": goods.title, "item_group": goods.group}
    values |= {"stock_uom": goods.unit, "description": goods.description}
    values |= {"standard_rate": goods.rate_inr, "valuation_rate": goods.cost_inr}
    values |= {"is_stock_item": int(goods.stocked)}
    values["valuation_method"] = "Moving Average" if goods.stocked else ""
    values["weight_uom"] = "Kg" if values["weight_per_unit"] else None
    row = book.add_master("Item", goods.code, values)
    book.add_child(row, "uoms", {"uom": goods.unit, "conversion_factor": 1.0})
    if goods.bulk:
        book.add_child(row, "uoms", {"uom": goods.bulk[0], "conversion_factor": goods.bulk[1]})
    book.add_child(row, "item_defaults", {})
