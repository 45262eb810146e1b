"""Names are compared without spelling variants, and shown as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.cleaning.names import clean_name, normalise_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("M/s. Sahaja Agro Traders Pvt. Ltd.", "sahaja agro traders (P) LIMITED"),
        ("Kisan Mitra Farmers Producer Company Limited", "Kisan Mitra FPCL"),
        ("Kisan Mitra Farmer Producer Co. Pvt Ltd", "KISAN MITRA FPCL"),
        ("Deccan Mutually Aided Cooperative Society Ltd", "Deccan MACS"),
        ("Smt. Lakshmi Devi", "Lakshmi  Devi"),
        ("Sri K.V. Rao", "K V Rao"),
        ("Medak FPO - 1", "Medak FPO"),
        ("Seeds & Inputs", "Seeds and Inputs"),
        ("రైతు\u200c మిత్ర", "రైతు మిత్ర"),
        ("\uff21\uff22\uff23 Traders", "ABC Traders"),
    ],
)
def test_spelling_variants_are_one_name(one, other):
    assert normalise_name(one) == normalise_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Srinivas Rao", "Inivas Rao"),
        ("Mrunal Patil", "Unal Patil"),
        ("Medak FPO 1", "Medak FPO 2"),
        ("రైతు మిత్ర సంఘం", "రైతు మిత్ర"),
        ("మీనా", "మోనా"),
        ("राम", "रमा"),
    ],
)
def test_different_names_stay_different(one, other):
    assert normalise_name(one) != normalise_name(other)


def test_a_clean_name_keeps_its_case_and_its_words():
    assert clean_name("  M/s  Medak\u00a0FPO - 2 ") == "M/s Medak FPO"


def test_a_name_that_is_but_a_counter_stays():
    assert clean_name(" - 1") == "- 1"


@given(st.text())
def test_cleaning_twice_changes_nothing_more(name):
    assert normalise_name(normalise_name(name)) == normalise_name(name)
