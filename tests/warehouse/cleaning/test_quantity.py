"""Quantities: kg, litre or number, by the ERP's factors, the item's own, then our table."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.cleaning.quantity import Canonical, ItemUnits, canonicalise, read_factors

ERP_FACTORS = read_factors(
    [
        {"name": "1", "from_uom": "Kg", "to_uom": "Gram", "value": 1000.0},
        {"name": "2", "from_uom": "Kg", "to_uom": "Quintal", "value": 0.01},
        {"name": "3", "from_uom": "Kg", "to_uom": "Pound", "value": 2.204623},
        {"name": "4", "from_uom": "Litre", "to_uom": "Millilitre", "value": 1000.0},
        {"name": "5", "from_uom": "Candy", "to_uom": "Kg", "value": 355.6},
        {"name": "6", "from_uom": "Gram", "to_uom": "Ounce", "value": 0.035274},
        {"name": "7", "from_uom": "Kg", "to_uom": "Broken", "value": 0},
    ]
)


@pytest.mark.parametrize(
    ("uom", "expected"),
    [
        ("Kg", ("kg", "1")),
        ("Gram", ("kg", "0.001")),
        ("Quintal", ("kg", "100")),
        ("Candy", ("kg", "355.6")),
        ("Pound", ("kg", "0.453592292")),
        ("Millilitre", ("litre", "0.001")),
        ("KGS.", ("kg", "1")),
        ("MT", ("kg", "1000")),
        ("Ltr", ("litre", "1")),
        ("Nos", ("number", "1")),
        ("Dozen", ("number", "12")),
    ],
)
def test_units_of_weight_volume_and_number_are_known(uom, expected):
    unit, factor = canonicalise(uom, ERP_FACTORS)
    assert unit == expected[0]
    assert abs(factor - Decimal(expected[1])) < Decimal("1e-8")


@pytest.mark.parametrize("uom", ["Bag", "Crate", "Broken", "Ounce", "", None])
def test_what_has_no_factor_is_not_guessed(uom):
    assert canonicalise(uom, ERP_FACTORS) is None


def test_a_bag_weighs_what_its_item_says_in_kg():
    bag_of_50 = ItemUnits("Bag", {"Bag": 1.0, "Kg": 0.02})
    assert canonicalise("Bag", ERP_FACTORS, bag_of_50) == Canonical("kg", Decimal(50))


def test_a_bag_weighs_what_its_item_weighs():
    bag_of_25 = ItemUnits("Bag", {}, weight_per_unit=0.25, weight_uom="Quintal")
    assert canonicalise("Bag", ERP_FACTORS, bag_of_25) == Canonical("kg", Decimal(25))


def test_a_number_of_an_item_with_a_weight_is_kg():
    packet = ItemUnits("Nos", {}, weight_per_unit=500, weight_uom="Gram")
    assert canonicalise("Nos", ERP_FACTORS, packet) == Canonical("kg", Decimal("0.5"))


def test_a_unit_of_weight_is_not_asked_of_the_item():
    odd = ItemUnits("Quintal", {"Kg": 0.5})
    assert canonicalise("Quintal", ERP_FACTORS, odd) == Canonical("kg", Decimal(100))


def test_another_items_unit_says_nothing_of_the_line():
    assert canonicalise("Crate", ERP_FACTORS, ItemUnits("Bag", {"Kg": 0.02})) is None


@given(st.permutations(["Kg", "Litre", "Gram"]))
def test_the_order_of_an_items_units_is_irrelevant(units):
    item = ItemUnits("Bag", dict.fromkeys(units, 0.1))
    assert canonicalise("Bag", ERP_FACTORS, item) == Canonical("kg", Decimal("0.01"))
