"""The Single DocTypes: settings of which a site has one each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.site.dataset import Row

TIME_ZONE = "Asia/Kolkata"

_SETTINGS: dict[str, Row] = {
    "System Settings": {
        "app_name": "ERPNext",
        "country": "India",
        "language": "en",
        "time_zone": TIME_ZONE,
        "setup_complete": 1,
        "date_format": "dd-mm-yyyy",
        "time_format": "HH:mm:ss",
        "number_format": "#,##,###.##",
        "float_precision": "3",
        "rounding_method": "Banker's Rounding",
        "session_expiry": "170:00",
        "allow_error_traceback": 1,
    },
    "Accounts Settings": {"add_taxes_from_item_tax_template": 1, "book_tax_discount_loss": 0},
    "Farmer Settings": {
        "current_season": "Rabi 2026",
        "share_price": 100.0,
        "bonus_percent": 2.5,
        "enrolment_open": 1,
        "default_territory": "Telangana",
    },
}


def add_singles(book: Book) -> None:
    """Add the settings."""
    for doctype, values in _SETTINGS.items():
        book.add_single(doctype, book.clock.stamp(0.5), values)
