"""Which DocTypes are stored is data, and globs narrow it."""

from __future__ import annotations

import json

import pytest

from tests.reference import needs_reference, reference_folder
from warehouse.erpnext.policy import Policy, is_selected, policy_of


@pytest.mark.parametrize(
    ("doctype", "policy", "is_stored"),
    [
        ("Sales Invoice", Policy.ORDINARY, True),
        ("A DocType that nobody has heard of", Policy.ORDINARY, True),
        ("User", Policy.ENGINE_ONLY, False),
        ("Email Account", Policy.NEVER_PULLED, False),
    ],
)
def test_a_doctype_goes_where_the_table_says(doctype: str, policy: Policy, *, is_stored: bool):
    assert policy_of(doctype, is_custom=False) is policy
    assert policy.is_stored is is_stored


def test_a_custom_doctype_is_ordinary_whatever_its_name():
    assert policy_of("User", is_custom=True) is Policy.ORDINARY


def test_stored_not_served_is_stored():
    assert Policy.STORED_NOT_SERVED.is_stored


@needs_reference
def test_the_table_is_the_reference_table():
    table = json.loads(reference_folder().joinpath("doctype-policy.json").read_text("utf-8"))
    assert table["doctypes"]
    for doctype, policy in table["doctypes"].items():
        assert policy_of(doctype, is_custom=False) == policy


@pytest.mark.parametrize(
    ("include", "exclude", "selected"),
    [
        ((), (), True),
        (("Sales*",), (), True),
        (("Purchase*",), (), False),
        (("Purchase*", "* Invoice"), (), True),
        ((), ("Sales*",), False),
        (("Sales*",), ("* Invoice",), False),
        (("sales*",), (), False),
        (("Sales",), (), False),
        (("Sales ?nvoice",), (), True),
    ],
)
def test_globs_let_a_doctype_through(include: tuple, exclude: tuple, *, selected: bool):
    assert is_selected("Sales Invoice", include, exclude) is selected


def test_settings_of_an_app_that_nobody_has_judged_are_not_served():
    assert policy_of("Payroll Bank Settings", is_custom=False, is_single=True) is (
        Policy.STORED_NOT_SERVED
    )
    assert policy_of("Farmer Settings", is_custom=True, is_single=True) is Policy.ORDINARY
    assert policy_of("Payroll Bank Settings", is_custom=False) is Policy.ORDINARY
