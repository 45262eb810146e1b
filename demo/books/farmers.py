"""Farmers, with every awkward kind of column, and the visits to their fields."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING

from demo.books.clock import format_time
from demo.books.names import TELUGU_NAMES, VILLAGES, make_mobile, make_person
from demo.books.people import list_clerks
from demo.books.setup import STATES, TAGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.books.book import Book
    from demo.books.items import Goods
    from demo.books.parties import Party
    from demo.site.dataset import Row

SEASONS = ("Kharif", "Rabi", "Zaid")
SHARE_PRICE_INR = 100.0

_BORN_FIRST = date(1950, 1, 1)
_NOTES = '<div class="ql-editor read-mode"><p>Keeps <b>old</b> seed &amp; lends it</p></div>'
_REMARKS = "well dry\nbore at 200 ft\tsee “plot” map"
_COLORS = ("#1F7A3F", "#C58B00", "#7A1F1F")


def add_farmers(book: Book, count: int, items: Sequence[Goods], customers: Sequence[Party]) -> None:
    """Add Farmers through the year; every third has a name with slashes."""
    for place in range(count):
        _add_farmer(book, place, (place + book.rng.random()) / count, customers)
        _add_crops(book, items)


def add_field_visits(book: Book, count: int) -> None:
    """Add Field Visits, whose names are integers."""
    rng = book.rng
    farmers = book.documents["Farmer"]
    clerks = list_clerks(book)
    for number in range(1, count + 1):
        stamp = book.clock.stamp((number - rng.random()) / count)
        values: Row = {"visited_on": str(stamp.created.date()), "visitor": rng.choice(clerks)}
        values |= {"farmer": rng.choice(farmers)["name"] if farmers else None}
        values |= {"visited_at": format_time(stamp.created.replace(microsecond=0))}
        values |= {"time_spent": float(rng.randrange(600, 9_000)), "findings": "Crop is good\n"}
        values |= {"crop_score": rng.randrange(1, 6) / 5, "location": _draw_point(book)}
        book.add("Field Visit", number, stamp, values)


def _add_farmer(book: Book, place: int, moment: float, customers: Sequence[Party]) -> None:
    rng = book.rng
    stamp = book.clock.stamp(moment)
    slashed = place % 3 == 2  # noqa: PLR2004
    name = f"FMR/{stamp.created.year}/{place + 1:05d}" if slashed else f"FMR-{place + 1:05d}"
    shares = rng.randrange(1, 100)
    values: Row = {"naming_series": "FMR/.YYYY./.#####" if slashed else "FMR-.#####"}
    values |= {"farmer_name": make_person(rng), "village": rng.choice(VILLAGES)}
    values |= {"gender": rng.choice(("Female", "Male")), "territory": rng.choice(STATES)}
    values |= {"date_of_birth": str(_BORN_FIRST + timedelta(days=rng.randrange(20_000)))}
    values |= {"mobile": make_mobile(rng), "aadhaar": f"XXXX-XXXX-{rng.randrange(10_000):04d}"}
    values |= {"land_acres": round(rng.random() * 8, 3), "shares": shares}
    values |= {"share_value": shares * SHARE_PRICE_INR, "is_member": int(rng.random() < 0.8)}  # noqa: PLR2004
    values |= {"organic_percent": rng.random() * 100, "rating": rng.randrange(6) / 5}
    values |= {"visit_time": "7:05:00" if place % 5 == 0 else format_time(stamp.created)}
    values |= _draw_rarer(book, customers)
    values["owner"] = rng.choice(list_clerks(book))
    book.add("Farmer", name, stamp, values)


def _draw_rarer(book: Book, customers: Sequence[Party]) -> Row:
    """Draw the columns that only some Farmers have."""
    rng = book.rng
    values: Row = {}
    if rng.random() < 0.3:  # noqa: PLR2004
        customer = rng.choice(customers).name
        values |= {"customer": customer, "ref_doctype": "Customer", "ref_name": customer}
        values |= {"portal_pin": "*****", "training_time": float(rng.randrange(3_600, 90_000))}
    if rng.random() < 0.4:  # noqa: PLR2004
        values |= {"notes": _NOTES, "remarks": _REMARKS, "card_color": rng.choice(_COLORS)}
        values |= {"farmer_name_local": rng.choice(TELUGU_NAMES), "plot": _draw_point(book)}
    if rng.random() < 0.3:  # noqa: PLR2004
        report = {"ph": round(5 + rng.random() * 3, 1), "npk": [120, 40, None], "lab": "మట్టి"}
        values |= {"soil_report": json.dumps(report), "bank_account_no": "XXXXXX0000"}
        values["enrolled_at"] = str(book.clock.stamp(rng.random() * 0.9).created)
    return values


def _add_crops(book: Book, items: Sequence[Goods]) -> None:
    rng = book.rng
    farmer = book.documents["Farmer"][-1]
    for _ in range(rng.randrange(4)):
        acres = round(rng.random() * 4, 2)
        crop: Row = {"item": rng.choice(items).code, "season": rng.choice(SEASONS)}
        crop |= {"area_acres": acres, "expected_value": round(acres * 21_000, 2)}
        crop |= {"sowing_date": "2026-06-14", "is_organic": rng.randrange(2)}
        book.add_child(farmer, "crops", crop)
    for tag in TAGS[: rng.randrange(len(TAGS) + 1)]:
        book.add_child(farmer, "tags", {"tag": tag})


def _draw_point(book: Book) -> str:
    """Draw a place far out in the Bay of Bengal, where nobody farms."""
    rng = book.rng
    point = [round(86 + rng.random(), 6), round(14 + rng.random(), 6)]
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": point}}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})
