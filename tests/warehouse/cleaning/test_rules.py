"""The catalogue of rules names every code once."""

from __future__ import annotations

from warehouse.cleaning.rules import RULES


def test_the_codes_are_c1_to_c15():
    assert list(RULES) == [f"C{number}" for number in range(1, 16)]
    assert all(rule.title for rule in RULES.values())
