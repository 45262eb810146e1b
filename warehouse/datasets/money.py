"""Numbers as MongoDB must add them: Decimal128, never floats.

ERPNext sends money and quantities as JSON floats. `$toDecimal` keeps 15 significant digits of one,
which is what ERPNext's own decimal(21,9) columns show of it: 90.92 becomes 90.92 and not
90.9200000000000017. Rounding is half-even and comes at the end only, so here it is to 9 places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128

if TYPE_CHECKING:
    from decimal import Decimal

    from warehouse.datasets.declaration import Expression

PLACES = 9
ZERO = Decimal128("0")


def exact(value: Expression) -> dict[str, Any]:
    """Return the expression of a raw number as Decimal128; nothing stays nothing."""
    return {"$round": [{"$toDecimal": value}, PLACES]}


def exact_or_zero(value: Expression) -> dict[str, Any]:
    """Return the expression of a raw number as Decimal128; nothing is 0."""
    return exact({"$ifNull": [value, 0]})


def literal(number: Decimal | str) -> Decimal128:
    """Return a number of ours, such as a factor of a unit, as a rule writes it into a pipeline."""
    return Decimal128(str(number))
