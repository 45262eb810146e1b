"""Numbers on their way out: every digit that is stored, none that is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

_ONE = Decimal(1)


def read_number(value: Any) -> Any:
    """Return a Decimal128 of MongoDB as the Decimal that it is; anything else as it is."""
    return trim(value.to_decimal()) if isinstance(value, Decimal128) else value


def trim(number: Decimal) -> Decimal:
    """Return a number without the zeros at the end of its fraction: 90.920 is 90.92, 100 is 100."""
    whole = number.to_integral_value()
    return whole.quantize(_ONE) if number == whole else number.normalize()
