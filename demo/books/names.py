"""Made-up names of people, villages and shops, and names that trip up careless readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

FIRST_NAMES = (
    *("Anjamma", "Bhavani", "Chandramma", "Devaiah", "Eshwar", "Gangamma", "Hanmanth"),
    *("Indira", "Jangaiah", "Kalavathi", "Laxmaiah", "Mallesh", "Narsimha", "Odelu"),
    *("Padma", "Rajitha", "Sailu", "Sammakka", "Thirupathi", "Uppalaiah", "Vasantha"),
    *("Venkatamma", "Yadagiri", "Yellamma"),
)
LAST_NAMES = (
    *("Akula", "Bandari", "Chintala", "Dasari", "Erra", "Gaddam", "Gundla", "Jakkula"),
    *("Kandula", "Kotha", "Macha", "Nalla", "Palle", "Ravula", "Sunkari", "Thota", "Vemula"),
)
VILLAGES = (
    *("Chinna Vagu", "Pedda Cheruvu", "Mamidi Thota", "Ragi Palle", "Gunta Palle", "Erra Gadda"),
    *("Nalla Bavi", "Vepa Chettu", "Jonna Wada", "Sajja Gudem", "Kandi Pet", "Neeti Kunta"),
)
TELUGU_NAMES = ("అంజమ్మ", "భవాని", "దేవయ్య", "గంగమ్మ", "లక్ష్మయ్య", "పద్మ", "వసంత", "యాదగిరి")
SHOPS = (
    *("Traders", "Kirana", "Seeds & Inputs", "Agro Agencies", "Angadi", "Dhanya Stores"),
    *("Organics", "Farm Depot"),
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SIGNS = f"0123456789{_LETTERS}"
SUPPLY = ("Growers Group", "Packaging", "Bag Works", "Seed Plot", "Dal Mill", "Transport")
AWKWARD_PARTIES = (
    "Erra/Nalla Traders",
    "Half & Half Stores (50%)",
    'Thota "Pacha" Organics',
    "పచ్చని అంగడి",
    "हरी मंडी",
    "O'Gundla's Depot",
    "#1 Kirana?",
    "Kotha + Sons; Dal Mill",
    "Dasari \\ Dasari",
    "...Yellamma Stores!",
    "Palle Depot/",
    "Harvest 🌾 Mart",
    "A=B&C Traders %2F",
)


class UniqueNames:
    """Keeps names unlike each other in any case, as MariaDB compares them."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, name: str) -> str:
        """Take the name, or the next free one of `name - 1`, `name - 2` … as ERPNext does."""
        key = name.casefold()
        count = self._taken.get(key)
        self._taken[key] = 0 if count is None else count + 1
        return name if count is None else self.take(f"{name} - {count + 1}")


def make_person(rng: Random) -> str:
    """Make the name of a person."""
    return f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"


def make_business(rng: Random, kinds: tuple[str, ...]) -> str:
    """Make the name of a shop or supplier in a village."""
    return f"{rng.choice(LAST_NAMES)} {rng.choice(kinds)}, {rng.choice(VILLAGES)}"


def make_mobile(rng: Random) -> str:
    """Make a mobile number that no operator gives out: it starts with a 1."""
    return f"+91-1{rng.randrange(10**9):09d}"


def make_gstin(rng: Random) -> str:
    """Make a GSTIN with its check character, of a PAN that nobody has: no holder is a Z."""
    letters = "".join(rng.choice(_LETTERS) for _ in range(3))
    text = f"36{letters}Z{rng.choice(_LETTERS)}{rng.randrange(10_000):04d}Z1Z"
    total = 0
    for place, sign in enumerate(text):
        total += sum(divmod(_SIGNS.index(sign) * (1 + place % 2), len(_SIGNS)))
    return text + _SIGNS[-total % len(_SIGNS)]
