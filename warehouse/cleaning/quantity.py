"""Quantities in kg, litre or number (C8).

Asked in this order: the ERP's `UOM Conversion Factor`, the item's own `uoms` and weight, our table.
Nothing is guessed: a Bag without an item-specific weight has no kg, and its rows are counted. A
weight or volume unit is not asked of the item: 1 Quintal is 100 kg whatever the item says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from warehouse.cleaning.units import KG, LITRE, NUMBER, normalise_unit, own_factor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# ERPNext keeps factors as floats of up to nine digits; more would be noise of a division.
_FACTOR_DIGITS = Decimal("1e-12")


class Canonical(NamedTuple):
    """The canonical unit (kg, litre, number) and how much of it one stock unit is."""

    unit: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class ItemUnits:
    """What an Item says of its units; `uoms`: unit → stock units in one of it."""

    stock_uom: str
    uoms: Mapping[str, float] = field(default_factory=dict)
    weight_per_unit: float = 0
    weight_uom: str | None = None


UnitFactors = dict[str, Canonical]


def read_factors(rows: Iterable[Mapping[str, object]]) -> UnitFactors:
    """Return normalised unit → canonical amount, of documents of `UOM Conversion Factor`.

    A row says that one `from_uom` is `value` of `to_uom`; either may be the kg or the litre.
    """
    factors: UnitFactors = {}
    for row in sorted(rows, key=lambda row: str(row.get("name"))):
        value = _to_decimal(row.get("value"))
        smaller = (normalise_unit(str(row.get("from_uom"))), normalise_unit(str(row.get("to_uom"))))
        if value <= 0:
            continue
        for (unit, other), factor in ((smaller, value), (smaller[::-1], 1 / value)):
            if other in {KG, LITRE} and unit not in factors:
                factors[unit] = Canonical(other, _round(factor))
    return factors


def canonicalise(
    uom: str | None, factors: UnitFactors, item: ItemUnits | None = None
) -> Canonical | None:
    """Return what one stock unit `uom` is in kg, litre or number, or None if nobody knows."""
    if not uom:
        return None
    measured = _measure(uom, factors)
    if measured:
        return measured
    return _measure_by_item(uom, factors, item) or _count(uom)


def _measure(uom: str, factors: UnitFactors) -> Canonical | None:
    """Return the weight or volume of a unit that is one."""
    found = factors.get(normalise_unit(uom))
    if found:
        return found
    own = own_factor(uom)
    return Canonical(*own) if own and own[0] != NUMBER else None


def _measure_by_item(uom: str, factors: UnitFactors, item: ItemUnits | None) -> Canonical | None:
    """Return what one stock unit weighs or holds, as the item says."""
    if not item or normalise_unit(item.stock_uom) != normalise_unit(uom):
        return None
    for unit in sorted(item.uoms):
        measured, per_unit = _measure(unit, factors), _to_decimal(item.uoms[unit])
        if measured and per_unit > 0:
            return Canonical(measured.unit, _round(measured.factor / per_unit))
    weight = _to_decimal(item.weight_per_unit)
    measured = _measure(item.weight_uom, factors) if item.weight_uom else None
    if measured and weight > 0:
        return Canonical(measured.unit, _round(measured.factor * weight))
    return None


def _count(uom: str) -> Canonical | None:
    own = own_factor(uom)
    return Canonical(*own) if own else None


def _to_decimal(value: object) -> Decimal:
    return Decimal(str(value or 0))


def _round(factor: Decimal) -> Decimal:
    return factor.quantize(_FACTOR_DIGITS).normalize()
