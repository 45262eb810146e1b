"""The units that books are kept in, by our own table; the ERP's own factors come first (C8)."""

from __future__ import annotations

import re
from decimal import Decimal

KG = "kg"
LITRE = "litre"
NUMBER = "number"

# Spelling variants of a unit, after `normalise_unit`.
_SPELLINGS = {
    "kilogram": "kg", "kilograms": "kg", "kgs": "kg", "kilo": "kg", "kilos": "kg",
    "grams": "gram", "gm": "gram", "gms": "gram", "g": "gram", "gramme": "gram",
    "mg": "milligram", "qtl": "quintal", "quintals": "quintal", "qntl": "quintal", "q": "quintal",
    "mt": "tonne", "ton": "tonne", "tons": "tonne", "tonnes": "tonne", "metric ton": "tonne",
    "metric tonne": "tonne", "t": "tonne",
    "l": "litre", "ltr": "litre", "ltrs": "litre", "lt": "litre", "liter": "litre",
    "litres": "litre", "liters": "litre", "ml": "millilitre", "milliliter": "millilitre",
    "kl": "kilolitre", "kiloliter": "kilolitre",
    "no": "nos", "number": "nos", "numbers": "nos", "unit": "nos", "units": "nos", "pc": "nos",
    "pcs": "nos", "piece": "nos", "pieces": "nos", "each": "nos", "ea": "nos",
    "doz": "dozen", "dozens": "dozen", "pairs": "pair",
}  # fmt: skip

# Unit → (canonical unit, canonical units in one of it). Bags, crates and boxes are missing on
# purpose: how much is in one is the item's business.
_TABLE = {
    "kg": (KG, Decimal(1)),
    "gram": (KG, Decimal("0.001")),
    "milligram": (KG, Decimal("0.000001")),
    "quintal": (KG, Decimal(100)),
    "tonne": (KG, Decimal(1000)),
    "litre": (LITRE, Decimal(1)),
    "millilitre": (LITRE, Decimal("0.001")),
    "kilolitre": (LITRE, Decimal(1000)),
    "nos": (NUMBER, Decimal(1)),
    "pair": (NUMBER, Decimal(2)),
    "dozen": (NUMBER, Decimal(12)),
}


def normalise_unit(uom: str) -> str:
    """Return the name under which the table knows a unit: `Kgs.` and `KILO` are `kg`."""
    plain = " ".join(re.sub(r"[._]", " ", uom).casefold().split())
    return _SPELLINGS.get(plain, plain)


def own_factor(uom: str) -> tuple[str, Decimal] | None:
    """Return the canonical unit and how much of it one `uom` is, by our own table."""
    return _TABLE.get(normalise_unit(uom))
