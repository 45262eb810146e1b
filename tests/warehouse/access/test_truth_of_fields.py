"""The cases of the truth table of read permissions that no row decides.

Of fields (33 to 38 and 49), of roles as tables give them (47, 48), of identity (51). The age of a
snapshot (50) is in test_snapshots.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.warehouse.access.worlds import (
    EMPLOYEE,
    INVOICE,
    World,
    make_field,
    make_selling_world,
    read_rule,
)
from warehouse.access.compiler import compile_access
from warehouse.access.rules import ADMINISTRATOR
from warehouse.access.snapshot import Rule
from warehouse.access.tables import TABLES, Facts, build_snapshot
from warehouse.access.verdict import Access, Denial, RoleBranch


def world(*rules: Rule) -> World:
    return make_selling_world().grant(INVOICE, *(rules or (read_rule(),)))


def field_of(site: World, doctype: str, fieldname: str) -> dict[str, Any]:
    return next(field for field in site.metas[doctype]["fields"] if field["fieldname"] == fieldname)


def test_33_a_field_of_level_1_needs_a_row_of_level_1() -> None:
    assert world().access().hidden == {"margin"}
    assert not world(read_rule(), read_rule(permlevel=1)).access().hidden
    assert not world(read_rule(), read_rule(permlevel=1, if_owner=True)).access().hidden
    assert world(read_rule(), Rule("A", 1)).access().hidden == {"margin"}
    assert world(read_rule(), read_rule("B", 1)).access().hidden == {"margin"}


def test_34_a_field_of_a_child_goes_by_the_rows_of_the_parent() -> None:
    site = world()
    field_of(site, "Sales Invoice Item", "rate")["permlevel"] = 1
    site.grant("Sales Invoice Item", read_rule(permlevel=1))
    assert site.access().hidden == {"margin", "items.rate"}
    assert not site.grant(INVOICE, read_rule(permlevel=1)).access().hidden


def test_34_a_table_of_level_1_hides_its_rows_whole() -> None:
    site = world()
    field_of(site, INVOICE, "items")["permlevel"] = 1
    assert site.access().hidden == {"margin", "items", "items.cost_center", "items.rate"}


def test_35_what_is_shared_shows_level_0() -> None:
    site = world(Rule("A")).share(INVOICE, "INV1")
    assert site.access().hidden == {"margin"}
    assert not site.grant(INVOICE, read_rule(permlevel=1)).access().hidden


def test_36_a_property_setter_moves_a_field_to_another_level() -> None:
    site = world(read_rule(), read_rule(permlevel=1))
    field_of(site, INVOICE, "customer")["permlevel"] = "2"
    assert site.access().hidden == {"customer"}


def test_37_what_version_16_masks_is_hidden_without_the_right() -> None:
    site = world(read_rule(), read_rule(permlevel=1))
    site.versions = {"frappe": "16.0.0"}
    field_of(site, INVOICE, "customer")["mask"] = 1
    field_of(site, "Sales Invoice Item", "rate")["mask"] = 1
    assert site.access().hidden == {"customer", "items.rate"}
    assert not site.grant(INVOICE, Rule("A", masks=True)).access().hidden


def test_38_a_password_is_never_shown() -> None:
    site = world()
    site.metas[INVOICE]["fields"].append(make_field("pin", "Password"))
    assert site.access().hidden == {"margin", "pin"}


def test_49_what_is_hidden_stays_in_the_metas_to_be_told_from_what_is_not_there() -> None:
    access = world().access()
    assert "margin" in {field["fieldname"] for field in access.metas[0]["fields"]}
    assert "margin" in access.hidden


def test_47_and_48_roles_of_a_profile_count_once_the_user_has_them() -> None:
    facts = make_facts()
    facts.rows["Has Role"] = [
        {"parent": "Clerks", "parenttype": "Role Profile", "role": "A"},
        {"parent": EMPLOYEE, "parenttype": "Role Profile", "role": "A"},
    ]
    denied = compile_access(build_snapshot("site", facts), EMPLOYEE, INVOICE)
    assert isinstance(denied, Denial)
    assert denied.code == "no_rule"
    facts.rows["Has Role"].append({"parent": EMPLOYEE, "parenttype": "User", "role": "A"})
    snapshot = build_snapshot("site", facts)
    assert not isinstance(compile_access(snapshot, EMPLOYEE, INVOICE), Denial)


def test_51_a_user_is_one_of_its_instance_alone() -> None:
    facts = make_facts()
    facts.rows["Has Role"] = [{"parent": EMPLOYEE, "parenttype": "User", "role": "A"}]
    elsewhere = build_snapshot("other", facts)
    elsewhere.users.clear()
    denied = compile_access(elsewhere, EMPLOYEE, INVOICE)
    assert isinstance(denied, Denial)
    assert denied.code == "user_unknown"


def test_nulls_and_texts_in_the_tables_are_read_as_erpnext_does() -> None:
    facts = make_facts()
    facts.rows["Has Role"] = [{"parent": EMPLOYEE, "role": "A"}]
    facts.rows["DocPerm"] += [make_rule(permlevel="1", read="1", if_owner=None)]
    share = {"share_doctype": INVOICE, "everyone": None, "read": 1, "user": None}
    facts.rows["DocShare"] = [
        share | {"share_name": "to nobody"},
        share | {"share_name": "unread", "user": EMPLOYEE, "read": 0},
        share | {"share_name": "mine", "user": EMPLOYEE, "read": "1"},
        share | {"share_name": "ours", "everyone": 1},
    ]
    compiled = compile_access(build_snapshot("site", facts), EMPLOYEE, INVOICE)
    assert not isinstance(compiled, Denial)
    assert not compiled.hidden
    assert compiled.branches[1].condition == {"name": {"$in": ["mine", "ours"]}}


@pytest.mark.parametrize("spelled", ["U@X", "u@x ", "\N{LATIN SMALL LETTER U WITH ACUTE}@x"])
def test_user_permissions_apply_however_the_user_is_spelled(spelled: str) -> None:
    facts = make_facts()
    facts.rows["Has Role"] = [{"parent": EMPLOYEE, "role": "A"}]
    permission = {"user": spelled, "allow": "Company", "for_value": "C1"}
    facts.rows["User Permission"] = [permission | {"applicable_for": "", "hide_descendants": 0}]
    compiled = compile_access(build_snapshot("site", facts), EMPLOYEE, INVOICE)
    assert not isinstance(compiled, Denial)
    assert not compiled.is_unrestricted


def test_user_permissions_of_someone_spelled_alike_are_theirs_alone() -> None:
    facts = make_facts()
    other = "\N{FULLWIDTH LATIN SMALL LETTER U}@x"
    facts.rows["User"].append({**facts.rows["User"][0], "name": other})
    facts.rows["Has Role"] = [{"parent": EMPLOYEE, "role": "A"}]
    permission = {"allow": "Company", "applicable_for": "", "hide_descendants": 0}
    facts.rows["User Permission"] = [
        permission | {"user": EMPLOYEE, "for_value": "C1"},
        permission | {"user": other, "for_value": "C2"},
    ]
    compiled = compile_access(build_snapshot("site", facts), EMPLOYEE, INVOICE)
    assert isinstance(compiled, Access)
    [branch] = compiled.branches
    assert isinstance(branch, RoleBranch)
    assert branch.links[0].values == ("C1",)


def make_rule(**values: Any) -> dict[str, Any]:
    return {"parent": INVOICE, "role": "A", "permlevel": None, "read": 1, "if_owner": 0} | values


def make_facts() -> Facts:
    """Return the tables of a site where role A reads Sales Invoices and u@x has no role."""
    rows: dict[str, list[dict[str, Any]]] = {table.query.doctype: [] for table in TABLES}
    kind = {"istable": 0, "issingle": 0, "is_virtual": 0, "custom": 0}
    site = make_selling_world()
    rows["DocType"] = [
        {"name": name, **kind, "istable": int(site.kinds[name].is_child)} for name in site.kinds
    ]
    user = {"name": EMPLOYEE, "enabled": 1, "user_type": "System User", "creation": "2026-01-01"}
    rows["User"] = [user]
    rows["DocPerm"] = [make_rule()]
    return Facts(
        rows,
        {"frappe": "15.44.2"},
        settings={"apply_strict_user_permissions": 0},
        reader=ADMINISTRATOR,
        metas=site.metas,
    )
