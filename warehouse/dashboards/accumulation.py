"""How MongoDB gathers what a measure needs of a group of rows, and what is then made of it."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from bson.decimal128 import Decimal128

from warehouse.dashboards.firsts import first_of
from warehouse.dashboards.numbers import trim
from warehouse.datasets.declaration import Measure, MeasureKind

PLACES = Decimal("0.000000001")
_CONTEXT = Context(prec=34, rounding=ROUND_HALF_EVEN)

Group = dict[str, Any]


def accumulate(measure: Measure) -> dict[str, Any]:
    """Return the accumulators that a measure needs, under names of its own."""
    name = measure.name
    match measure.kind:
        case MeasureKind.MIN | MeasureKind.MAX:
            return {f"{name}_end": {f"${measure.kind.value}": f"${name}"}}
        case MeasureKind.DISTINCT:
            return {f"{name}_set": {"$addToSet": f"${measure.parts[0]}"}}
        case MeasureKind.NEW | MeasureKind.RETURNING:
            first = first_of(measure)
            return {
                f"{name}_new": _add_if(measure, {"$eq": ["$month", first]}),
                f"{name}_old": _add_if(measure, {"$gt": ["$month", first]}),
            }
        case MeasureKind.RATIO:
            above, below = (f"${part}" for part in measure.parts)
            both = {"$and": [{"$isNumber": above}, {"$isNumber": below}]}
            return {
                f"{name}_above": {"$sum": {"$cond": [both, above, 0]}},
                f"{name}_below": {"$sum": {"$cond": [both, below, 0]}},
            }
        case MeasureKind.GROWTH:
            return _sum(name, measure.parts[0])
        case MeasureKind.ADDITIVE | MeasureKind.LAST:
            return _sum(name, name)


def finish(measure: Measure, row: Group) -> Decimal | int | None:
    """Return a measure's value of what was accumulated; of a GROWTH the sum that grows."""
    name = measure.name
    match measure.kind:
        case MeasureKind.MIN | MeasureKind.MAX:
            end = row[f"{name}_end"]
            return None if end is None else trim(_exact(end))
        case MeasureKind.DISTINCT:
            return sum(value is not None for value in row[f"{name}_set"])
        case MeasureKind.NEW:
            return len(row[f"{name}_new"])
        case MeasureKind.RETURNING:
            return len({*row[f"{name}_old"]} - {*row[f"{name}_new"]})
        case MeasureKind.RATIO:
            return divide(_exact(row[f"{name}_above"]), _exact(row[f"{name}_below"]), measure)
        case MeasureKind.ADDITIVE | MeasureKind.LAST | MeasureKind.GROWTH:
            return trim(_exact(row[f"{name}_sum"])) if row[f"{name}_known"] else None


def divide(above: Decimal, below: Decimal, measure: Measure) -> Decimal | None:
    """Return one number through another, times the measure's factor; null through 0."""
    if not below:
        return None
    ratio = _CONTEXT.divide(_CONTEXT.multiply(above, Decimal(measure.factor)), below)
    return trim(ratio.quantize(PLACES, context=_CONTEXT))


def _sum(name: str, column: str) -> dict[str, Any]:
    known = {"$cond": [{"$isNumber": f"${column}"}, 1, 0]}
    return {f"{name}_sum": {"$sum": f"${column}"}, f"{name}_known": {"$sum": known}}


def _add_if(measure: Measure, when: dict[str, Any]) -> dict[str, Any]:
    """Return the set of a dimension's values, of the rows whose value has a first month."""
    value = f"${measure.parts[0]}"
    has_first = {"$gt": [first_of(measure), None]}
    known = {"$and": [has_first, when, {"$ne": [{"$ifNull": [value, None]}, None]}]}
    return {"$addToSet": {"$cond": [known, value, "$$REMOVE"]}}


def _exact(number: Any) -> Decimal:
    return number.to_decimal() if isinstance(number, Decimal128) else Decimal(number)
