"""The companies whose books are made up.

One sells its members' seed, the other their millets and pulses as food. Neither exists.
"""

from __future__ import annotations

from dataclasses import dataclass

FEWEST_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Company:
    """A company: what it is called and how it trades.

    `taxed_percent`: how many of its invoices carry tax (seed is exempt, packed food is not).
    `counter_percent`: how many of its sales are paid at the counter.
    """

    name: str
    abbr: str
    domain: str
    sells_seed: bool
    taxed_percent: int
    counter_percent: int

    def own(self, title: str) -> str:
        """Name a record of this company as ERPNext does: `Debtors - VFPCL`."""
        return f"{title} - {self.abbr}"


SEED_COMPANY = Company(
    name="Vaanajallu Farmers Producer Company Ltd",
    abbr="VFPCL",
    domain="vaanajallu.example",
    sells_seed=True,
    taxed_percent=55,
    counter_percent=0,
)
FOOD_COMPANY = Company(
    name="Ragijonna Foods Producer Company Ltd",
    abbr="RFPCL",
    domain="ragijonna.example",
    sells_seed=False,
    taxed_percent=65,
    counter_percent=6,
)


def choose_company(name: str, seed: int) -> Company:
    """Choose the company of that name, or by the seed's parity when there is none.

    A name of neither gets a company of its own that trades as the seed's parity says.
    """
    for company in (SEED_COMPANY, FOOD_COMPANY):
        if company.name == name:
            return company
    model = FOOD_COMPANY if seed % 2 else SEED_COMPANY
    if not name:
        return model
    initials = "".join(word[0] for word in name.split() if word[0].isalpha()).upper()
    abbr = initials if len(initials) >= FEWEST_LETTERS else "CO"
    return Company(
        name=name,
        abbr=abbr,
        domain=model.domain,
        sells_seed=model.sells_seed,
        taxed_percent=model.taxed_percent,
        counter_percent=model.counter_percent,
    )
