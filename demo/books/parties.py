"""Customers and Suppliers with their Addresses and Contacts.

Some are what cleaning has to deal with: names with stray spaces, and the parties of `TWINS`, whom
both sample companies know.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from demo.books.names import (
    AWKWARD_PARTIES,
    SHOPS,
    SUPPLY,
    VILLAGES,
    UniqueNames,
    make_business,
    make_gstin,
    make_mobile,
    make_person,
)
from demo.books.setup import CUSTOMER_GROUPS, STATES, SUPPLIER_GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from demo.books.book import Book
    from demo.books.mix import Counts
    from demo.site.dataset import Row


@dataclass(frozen=True, slots=True)
class Twin:
    """A party whom both companies know.

    `sold_to`: by that name a customer of the seed company and of the food company; `bought_from`:
    likewise a supplier. Of one GSTIN they are one party, of none two: a name alone merges nobody.
    """

    gstin: str | None
    sold_to: tuple[str, str]
    bought_from: tuple[str, str] = ("", "")


TWINS = (
    Twin(
        "36ZZZZZ0001Z1ZQ", ("Gaddam Seeds & Inputs, Ragi Palle", "M/s.  Gaddam Seeds and Inputs ")
    ),
    Twin("36ZZZZZ0002Z1ZP", ("", "Sunkari Growers Group"), ("SUNKARI GROWERS GROUP", "")),
    Twin("29ZZZZZ0003Z1ZJ", ("Macha Dal Mill", ""), ("Macha Dal Mill Pvt. Ltd.", "")),
    Twin(None, ("Jakkula Kirana, Gunta Palle", "Jakkula Kirana, Gunta Palle")),
)
EXPORT_CUSTOMER = "Harbour Grain Import LLC"
_Known = tuple[str, str | None]
_AWKWARD: list[_Known] = [(title, None) for title in (EXPORT_CUSTOMER, *AWKWARD_PARTIES)]

_REGISTERED = 0.4
_CARELESS = 0.03


@dataclass(slots=True)
class Party:
    """What an invoice needs to know of a Customer or Supplier.

    `fields`: columns that an invoice copies from the party, by their names in the invoice.
    """

    doctype: str
    name: str
    title: str
    mobile: str
    currency: str = "INR"
    fields: Row = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parties:
    """Both sides of trade."""

    customers: list[Party]
    suppliers: list[Party]


def add_parties(book: Book, counts: Counts) -> Parties:
    """Add Customers and Suppliers, then the Addresses and Contacts of the first of them."""
    book.prefill("Customer", {"naming_series": "CUST-.YYYY.-", "language": "en"})
    book.prefill("Supplier", {"naming_series": "SUP-.YYYY.-", "language": "en"})
    book.prefill("Supplier", {"country": "India", "supplier_type": "Company", "hold_type": ""})
    book.prefill("Address", {"country": "India", "address_type": "Billing"})
    book.prefill("Contact", {"status": "Passive", "is_primary_contact": 1})
    names = UniqueNames()
    own_side = int(not book.company.sells_seed)
    sold_to = [(twin.sold_to[own_side], twin.gstin) for twin in TWINS]
    bought_from = [(twin.bought_from[own_side], twin.gstin) for twin in TWINS]
    customers = [
        _add_customer(book, names, place, known)
        for place, known in enumerate(_list_known(counts.customers, _AWKWARD + sold_to))
    ]
    suppliers = [
        _add_supplier(book, names, place, known)
        for place, known in enumerate(_list_known(counts.suppliers, bought_from))
    ]
    everyone = customers + suppliers
    addresses, contacts = UniqueNames(), UniqueNames()
    for place in range(counts.addresses):
        _add_address(book, addresses, everyone[place % len(everyone)])
    for place in range(counts.contacts):
        _add_contact(book, contacts, everyone[place % len(everyone)])
    return Parties(customers, suppliers)


def _list_known(count: int, known: Sequence[_Known]) -> list[_Known | None]:
    """Give a title and GSTIN for every place but the first as long as any are known."""
    named = [each for each in known if each[0]]
    return [None, *named, *([None] * count)][:count]


def _add_customer(book: Book, names: UniqueNames, place: int, known: _Known | None) -> Party:
    rng = book.rng
    person = rng.random() < 0.5 and not known  # noqa: PLR2004
    title, gstin = known or (make_person(rng) if person else make_business(rng, SHOPS), None)
    if not known:
        title, gstin = _spoil(rng, title), None if person else _draw_gstin(rng)
    group = CUSTOMER_GROUPS[2] if person else rng.choice(CUSTOMER_GROUPS[:2])
    party = Party("Customer", names.take(" ".join(title.split())), title, make_mobile(rng))
    party.currency = "USD" if title == EXPORT_CUSTOMER else "INR"
    party.fields = {"customer": party.name, "customer_name": title, "title": title}
    party.fields |= {"customer_group": group, "territory": rng.choice(STATES)}
    values: Row = {key: party.fields[key] for key in ("customer_group", "territory")}
    values |= {"customer_name": title, "customer_type": "Individual" if person else "Company"}
    values |= {"mobile_no": party.mobile, "custom_home_hamlet": rng.choice(VILLAGES)}
    values |= {"tax_id": gstin, "default_currency": party.currency}
    values["custom_member_no"] = f"M{place:06d}" if person else None
    values["customer_details"] = "Collects on Mondays\nPays by UPI" if rng.random() < 0.05 else None  # noqa: PLR2004
    book.add_master("Customer", party.name, values)
    return party


def _add_supplier(book: Book, names: UniqueNames, place: int, known: _Known | None) -> Party:
    rng = book.rng
    title, gstin = known or (make_business(rng, SUPPLY), None)
    if not known:
        title, gstin = _spoil(rng, title), _draw_gstin(rng)
    group = SUPPLIER_GROUPS[place % 2]
    party = Party("Supplier", names.take(" ".join(title.split())), title, make_mobile(rng))
    party.fields = {"supplier": party.name, "supplier_name": title, "title": title}
    party.fields["supplier_group"] = group
    values = {"supplier_name": title, "supplier_group": group, "mobile_no": party.mobile}
    book.add_master("Supplier", party.name, values | {"tax_id": gstin})
    return party


def _draw_gstin(rng: Random) -> str | None:
    return make_gstin(rng) if rng.random() < _REGISTERED else None


def _spoil(rng: Random, title: str) -> str:
    """Type a few names carelessly: two spaces for one, and one more at the end."""
    return title.replace(" ", "  ", 1) + " " if rng.random() < _CARELESS else title


def _add_address(book: Book, names: UniqueNames, party: Party) -> None:
    rng = book.rng
    house, city = f"Door {rng.randrange(1, 400)}", rng.choice(VILLAGES)
    pincode = f"0{rng.randrange(10_000, 99_999)}"
    values = {"address_title": party.title, "address_line1": house, "city": city}
    name = names.take(f"{party.name}-Billing")
    row = book.add_master("Address", name, values | {"pincode": pincode, "state": STATES[0]})
    _link(book, row, party)
    display = f"{house}<br>\n{city}<br>\n{pincode}<br>{STATES[0]}<br>India<br>\n"
    key = "customer_address" if party.doctype == "Customer" else "supplier_address"
    party.fields |= {key: name, "address_display": display}


def _add_contact(book: Book, names: UniqueNames, party: Party) -> None:
    first, last = make_person(book.rng).split(" ", 1)
    values = {"first_name": first, "last_name": last, "full_name": f"{first} {last}"}
    values |= {"mobile_no": party.mobile, "company_name": party.title}
    name = names.take(f"{first} {last}-{party.name}")
    row = book.add_master("Contact", name, values)
    book.add_child(row, "phone_nos", {"phone": party.mobile, "is_primary_mobile_no": 1})
    _link(book, row, party)
    party.fields |= {"contact_person": name, "contact_display": f"{first} {last}"}
    party.fields["contact_mobile"] = party.mobile


def _link(book: Book, row: Row, party: Party) -> None:
    target = {"link_doctype": party.doctype, "link_name": party.name, "link_title": party.title}
    book.add_child(row, "links", target)
