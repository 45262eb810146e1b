"""What an item's name tells, and what makes items of two instances one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from warehouse.cleaning.curated import Curated, read_curated
from warehouse.identity.item_traits import Traits, find_pack, read_traits
from warehouse.identity.items import ItemEvidences
from warehouse.identity.matching import RecordKey

CURATED = read_curated()


def traits(name, *groups, curated=CURATED):
    return read_traits("one", "ITEM", name, groups, curated)


@pytest.mark.parametrize(
    ("name", "crop", "variety"),
    [
        ("Turmeric FAQ 50kg", "turmeric", None),
        ("Kala Jeera Grade A 50kg", "paddy", "Kala Jeera"),
        ("HMT Paddy", "paddy", "HMT"),
        ("Andu Korra Millets 10kg", "browntop millet", None),
        ("Little Millet", "little millet", None),
        ("కందిపప్పు 500 గ్రా", "red gram", None),
        ("रागी आटा 1kg", "ragi", None),
        ("Jute Bag 25kg", None, None),
        ("Ricebran oil", None, None),
    ],
)
def test_a_name_tells_the_crop_by_its_longest_known_word(name, crop, variety):
    found = traits(name)
    assert (found.crop, found.variety) == (crop, variety)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("Chilli 500 g", ("kg", "0.5")),
        ("Groundnut Oil 1.5 Ltr", ("litre", "1.5")),
        ("Panchagavya 250ml", ("litre", "0.25")),
        ("Red Gram 25kg", ("kg", "25")),
        ("VJ-21 Paddy", None),
        ("Pump 2 HP", None),
    ],
)
def test_a_name_tells_the_package(name, pack):
    assert find_pack(name) == (pack and (pack[0], Decimal(pack[1])))


def test_grade_and_organic_are_read_and_never_assumed():
    assert (traits("Maize Organic Grade B").grade, traits("Maize Organic").is_organic) == (
        "B",
        True,
    )
    assert (traits("Maize").grade, traits("Maize").is_organic) == (None, False)


def test_the_business_is_that_of_the_nearest_group_that_is_known():
    assert traits("Maize", "Hybrid Seeds", "Seeds", "All Item Groups").business == "input"
    assert traits("Maize", "Unheard of").business is None


@pytest.mark.parametrize(
    ("found", "is_mapped"),
    [
        (Traits(business="output", crop="paddy"), True),
        (Traits(business="output"), False),
        (Traits(business="input"), True),
        (Traits(crop="paddy"), False),
    ],
)
def test_an_item_is_mapped_when_its_use_and_of_produce_its_crop_are_known(found, is_mapped):
    assert found.is_mapped is is_mapped


def test_a_curated_row_has_the_last_word():
    row = {
        "instance": "one", "item_code": "ITEM", "item": "", "crop": "amla", "variety": "",
        "grade": "", "organic": "no", "pack_kg": "2", "business": "output",
    }  # fmt: skip
    tables = {**CURATED.tables, "items": {("one", "ITEM"): row}}
    found = traits("Organic Maize Grade A 5kg", "Seeds", curated=Curated(tables))
    assert found == Traits(
        "amla", None, "A", is_organic=False, pack=("kg", Decimal(2)), business="output"
    )


def pairs(*rows):
    evidences = ItemEvidences()
    for number, row in enumerate(rows):
        evidences.add(RecordKey(f"site{number}", "Item", "X"), row)
    return [one.method for one in evidences.pairs()]


def barcoded(digits):
    return {"barcodes": [{"barcode": digits}]}


def taxed(name):
    return {"gst_hsn_code": "0904", "item_name": name}


@pytest.mark.parametrize(
    ("one", "other", "methods"),
    [
        (barcoded("8901234567890"), barcoded("08901234567890"), ["barcode"]),
        (barcoded("0000000000000"), barcoded("0000000000000"), []),
        (barcoded("12345"), barcoded("12345"), []),
        (taxed("Chilli 500g"), taxed("CHILLI 0.5 kg"), ["hsn_name_and_pack"]),
        (taxed("Chilli 500g"), taxed("Chilli 1kg"), []),
        (taxed("Chilli"), taxed("Chilli"), []),
        ({"item_name": "Chilli 500g"}, {"item_name": "Chilli 500g"}, []),
    ],
)
def test_items_are_one_by_barcode_or_by_hsn_with_name_and_package(one, other, methods):
    assert pairs(one, other) == methods
