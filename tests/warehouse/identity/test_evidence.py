"""GSTIN, then PAN, then mobile with a like name, then bank account; a name alone never."""

from __future__ import annotations

import pytest

from warehouse.identity.evidence import Evidences, are_similar, read_identifiers
from warehouse.identity.matching import RecordKey

GSTIN = "36AAACS1234F1Z5"
OTHER_STATE = "29AAACS1234F1Z3"
MOBILE = "+91 98765 43210"


def party(instance, name, doctype="Customer"):
    return RecordKey(instance, doctype, name)


def pairs(*records, accounts=()):
    evidences = Evidences()
    for key, row in records:
        evidences.add(key, row, key.name)
    for key, row in accounts:
        evidences.add_account(key, row)
    return {(one.method, one.first.name, one.second.name) for one in evidences.pairs()}


def test_one_gstin_is_one_party():
    one, other = (party("a", "Sahaja"), {"gstin": GSTIN}), (party("b", "Aharam"), {"tax_id": GSTIN})
    assert ("gstin", "Sahaja", "Aharam") in pairs(one, other)


def test_offices_in_two_states_are_one_party_by_their_pan():
    one = (party("a", "Sahaja TS"), {"gstin": GSTIN})
    other = (party("b", "Sahaja KA"), {"gstin": OTHER_STATE})
    assert pairs(one, other) == {("pan", "Sahaja TS", "Sahaja KA")}


@pytest.mark.parametrize("value", ["NA", "URP", "0", "000000000000000", "", None, "36AAACS1234F1Z"])
def test_what_is_no_gstin_proves_nothing(value):
    one, other = (party("a", "Sahaja"), {"gstin": value}), (party("b", "Aharam"), {"gstin": value})
    assert pairs(one, other) == set()


def test_a_mobile_and_a_like_name_are_one_party():
    one = (party("a", "Lakshmi Devi"), {"mobile_no": MOBILE})
    other = (party("b", "Smt. Lakshmi Devi G"), {"mobile_no": "09876543210"})
    assert pairs(one, other) == {("mobile_and_name", "Lakshmi Devi", "Smt. Lakshmi Devi G")}


def test_a_shared_mobile_of_unlike_names_is_two_parties_and_a_doubt():
    evidences = Evidences()
    one, other = party("a", "Lakshmi Devi"), party("b", "Venkat Rao")
    for key in (one, other):
        evidences.add(key, {"mobile_no": MOBILE}, key.name)
    assert list(evidences.pairs()) == []
    assert list(evidences.doubts()) == [(one, other)]


def test_a_name_alone_never_makes_two_records_one():
    one, other = (party("a", "Lakshmi Devi"), {}), (party("b", "Lakshmi Devi"), {})
    assert pairs(one, other) == set()


@pytest.mark.parametrize("digits", ["9999999999", "12345", "0000000000", "4012345678"])
def test_what_is_no_mobile_proves_nothing(digits):
    one = (party("a", "Lakshmi Devi"), {"mobile_no": digits})
    other = (party("b", "Lakshmi Devi"), {"mobile_no": digits})
    assert pairs(one, other) == set()


def test_one_account_at_one_bank_is_one_party():
    rows = [
        (party("a", "Lakshmi Devi"), {"bank": "SBI", "bank_account_no": "3456 7890 123"}),
        (party("b", "L Devi", "Supplier"), {"bank": "sbi", "bank_account_no": "34567890123"}),
        (party("b", "Other"), {"bank": "HDFC", "bank_account_no": "34567890123"}),
        (party("b", "Bankless"), {"bank_account_no": "34567890123"}),
    ]
    assert pairs(accounts=rows) == {("bank_account", "Lakshmi Devi", "L Devi")}


def test_similarity_ignores_the_order_of_words():
    assert are_similar("devi lakshmi", "lakshmi devi")
    assert not are_similar("lakshmi devi", "lakshmi rao")
    assert not are_similar("", "")


def test_a_pan_is_read_from_a_gstin_and_from_its_own_field():
    assert set(read_identifiers({"gstin": GSTIN, "pan": "aaacs1234f"})) == {
        ("gstin", GSTIN),
        ("pan", "AAACS1234F"),
    }
