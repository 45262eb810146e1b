"""How many documents of each DocType a site of a given size has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MOST_ITEMS = 2_000
FEWEST_ITEMS = 14


class Mix(Enum):
    """What the documents of a site are, mostly."""

    ORDINARY = "ordinary"
    INVOICES = "invoices"


@dataclass(frozen=True, slots=True)
class Counts:
    """Number of documents per DocType, of those that grow with the site."""

    items: int
    customers: int
    suppliers: int
    addresses: int
    contacts: int
    farmers: int
    visits: int
    purchases: int
    payments: int
    sales: int


# Shares of the documents in thousandths; Sales Invoices are the rest.
_SHARES = {
    Mix.ORDINARY: {
        "customers": 40,
        "suppliers": 10,
        "addresses": 20,
        "contacts": 20,
        "farmers": 150,
        "visits": 10,
        "purchases": 100,
        "payments": 100,
    },
    Mix.INVOICES: {
        "customers": 10,
        "suppliers": 1,
        "addresses": 10,
        "contacts": 10,
        "farmers": 1,
        "visits": 0,
        "purchases": 0,
        "payments": 2,
    },
}


def count_documents(documents: int, mix: Mix) -> Counts:
    """Divide `documents` among the DocTypes that grow; the sum is exactly `documents`."""
    counted = {what: documents * share // 1000 for what, share in _SHARES[mix].items()}
    counted["customers"] = max(1, counted["customers"])
    counted["suppliers"] = max(1, counted["suppliers"])
    counted["items"] = min(MOST_ITEMS, max(documents // 50, min(FEWEST_ITEMS, documents // 4)))
    return Counts(**counted, sales=documents - sum(counted.values()))
