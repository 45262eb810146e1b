import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import dataset_rows, needs_reference, reference_folder
from tests.warehouse.doctor.fake_frappe import make_rule
from warehouse.doctor.catalog import CRITICAL
from warehouse.doctor.rules import Reach, Rules, choose_roles, known_reader


@pytest.mark.parametrize(
    ("rules", "reach"),
    [
        ([make_rule("Item", "Stock User")], Reach.FULL),
        ([make_rule("Item", "All", read=1)], Reach.FULL),
        ([make_rule("Item", "Stock User", if_owner=1)], Reach.OWN),
        ([make_rule("Item", "Stock User", if_owner=1), make_rule("Item", "All")], Reach.FULL),
        ([make_rule("Item", "Desk User", read=0, select=1)], Reach.SELECT),
        ([make_rule("Item", "Stock User", permlevel=1)], Reach.SHARED),
        ([make_rule("Item", "Sales User")], Reach.SHARED),
        ([], Reach.SHARED),
    ],
)
def test_only_a_reading_rule_of_level_0_without_if_owner_shows_all(rules, reach):
    assert Rules(rules, []).reach("Item", ["Stock User"]) is reach


def test_a_custom_rule_replaces_all_standard_rules_of_its_doctype():
    standard = [make_rule("Item", "Stock User"), make_rule("Bin", "Stock User")]
    rules = Rules(standard, [make_rule("Item", "Sales User", permlevel=1)])
    assert rules.reach("Item", ["Stock User"]) is Reach.SHARED
    assert rules.reach("Bin", ["Stock User"]) is Reach.FULL


def test_roles_that_nobody_can_be_given_are_not_suggested():
    rows = [make_rule("Item", role) for role in ("All", "Guest", "Desk User", "Administrator")]
    rules = Rules([*rows, make_rule("Item", "Stock User")], [])
    assert rules.readers("Item") == {"Stock User"}


def test_one_role_that_opens_both_is_chosen_over_two():
    readers = {"Account": {"Auditor", "Clerk"}, "Customer": {"Clerk", "Seller"}}
    chosen = choose_roles(readers, lambda doctype: frozenset(readers[doctype]))
    assert chosen == {"Clerk": ["Account", "Customer"]}


def test_of_two_roles_that_open_as_much_the_one_that_writes_less_is_chosen():
    rows = [make_rule("GL Entry", "Accounts Manager"), make_rule("GL Entry", "Auditor")]
    rules = Rules([*rows, make_rule("Account", "Accounts Manager", write=1)], [])
    assert choose_roles(["GL Entry"], rules.readers, rules.written_by) == {"Auditor": ["GL Entry"]}


@given(st.dictionaries(st.text("abcdef", min_size=1), st.frozensets(st.sampled_from("RSTUV"))))
def test_the_chosen_roles_open_each_doctype_once(readers):
    chosen = choose_roles(readers, readers.__getitem__)
    assert sorted(doctype for doctypes in chosen.values() for doctype in doctypes) == sorted(
        readers
    )
    for role, doctypes in chosen.items():
        assert all(role in (readers[doctype] or {""}) for doctype in doctypes)


@needs_reference
def test_the_known_roles_read_the_critical_doctypes_of_a_real_erpnext():
    listed = json.loads((reference_folder() / "dataset/site1/doctypes.json").read_text("utf-8"))
    modules = {row["name"]: row["module"] for row in listed}
    rules = Rules(dataset_rows("site1", "_docperm"), [])
    wrong = [
        doctype
        for doctype in (*CRITICAL, "Server Script", "DocShare", "User Permission", "Role")
        if known_reader(doctype, modules[doctype]) not in rules.readers(doctype)
    ]
    assert wrong == []
