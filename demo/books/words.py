"""Amounts in words, with lakh and crore, as ERPNext prints them."""

from __future__ import annotations

_SMALL = (
    *("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"),
    *("Eleven", "Twelve", "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen"),
    *("Eighteen", "Nineteen"),
)
_TENS = (*("", "", "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"),)
_FRACTIONS = {"INR": "Paisa", "USD": "Cent"}
_UNITS = ((10_000_000, "Crore"), (100_000, "Lakh"), (1_000, "Thousand"))


def _spell_hundreds(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    parts = [f"{_SMALL[hundreds]} Hundred"] if hundreds else []
    if rest or not hundreds:
        tens, ones = divmod(rest, 10)
        small = _SMALL[rest] if rest < len(_SMALL) else _TENS[tens]
        parts.append(f"{small} {_SMALL[ones]}" if rest >= len(_SMALL) and ones else small)
    return " And ".join(parts)


_HUNDREDS = tuple(_spell_hundreds(number) for number in range(1_000))


def spell_amount(amount: float, currency: str = "INR") -> str:
    """Spell an amount: `INR One Lakh, Four Thousand, Two Hundred And Five and Fifty Paisa only.`.

    The sign is left out, as ERPNext does.
    """
    whole, hundredths = divmod(round(abs(amount) * 100), 100)
    fraction = f" and {_HUNDREDS[hundredths]} {_FRACTIONS[currency]}" if hundredths else ""
    return f"{currency} {_spell(whole)}{fraction} only."


def _spell(number: int) -> str:
    parts = []
    for unit, word in _UNITS:
        count, number = divmod(number, unit)
        if count:
            parts.append(f"{_spell(count)} {word}")
    if number or not parts:
        parts.append(_HUNDREDS[number])
    return ", ".join(parts)
