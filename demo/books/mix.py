"""How many documents of each DocType a site of a given size has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MOST_ITEMS = 2_000
FEWEST_ITEMS = 14
SERVICES = 2


class Mix(Enum):
    """What the documents of a site are, mostly."""

    ORDINARY = "ordinary"
    VOUCHERS = "vouchers"
    INVOICES = "invoices"

    @property
    def keeps_ledgers(self) -> bool:
        """Only ordinary books have ledgers, and goods that move: they are most documents then."""
        return self is Mix.ORDINARY


@dataclass(frozen=True, slots=True)
class Counts:
    """Number of documents per DocType; `trade` is all that is bought, sold and paid."""

    items: int
    customers: int
    suppliers: int
    addresses: int
    contacts: int
    visits: int
    trade: int


# Shares of the documents in thousandths; Farmers are the rest.
_SHARES = {
    Mix.ORDINARY: {
        "customers": 25,
        "suppliers": 8,
        "addresses": 15,
        "contacts": 15,
        "visits": 8,
        "trade": 840,
    },
    Mix.VOUCHERS: {
        "customers": 40,
        "suppliers": 10,
        "addresses": 20,
        "contacts": 20,
        "visits": 12,
        "trade": 748,
    },
    Mix.INVOICES: {
        "customers": 10,
        "suppliers": 1,
        "addresses": 10,
        "contacts": 10,
        "visits": 0,
        "trade": 968,
    },
}
# Of a hundred times that something is traded: sales, purchases, payments, stock entries.
EVENTS = {
    Mix.ORDINARY: (52, 18, 27, 3),
    Mix.VOUCHERS: (70, 15, 15, 0),
    Mix.INVOICES: (100, 0, 0, 0),
}


def count_documents(documents: int, mix: Mix) -> Counts:
    """Divide `documents` among the DocTypes that grow with a site."""
    counted = {what: documents * share // 1000 for what, share in _SHARES[mix].items()}
    counted["customers"] = max(1, counted["customers"])
    counted["suppliers"] = max(1, counted["suppliers"])
    counted["items"] = min(MOST_ITEMS, max(documents // 50, min(FEWEST_ITEMS, documents // 4)))
    counted["trade"] -= counted["items"] + SERVICES
    return Counts(**counted)
