"""What compile_access gives beside the filter: codes, hidden fields, structured branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.warehouse.access.worlds import (
    EMPLOYEE,
    INVOICE,
    World,
    make_field,
    make_meta,
    make_selling_world,
    read_rule,
)
from warehouse.access.compiler import MOST_NAMES, compile_access
from warehouse.access.snapshot import Attestation, Rule, UserPermission
from warehouse.access.verdict import Denial, LinkConstraint, OwnerBranch, RoleBranch, SharesBranch

if TYPE_CHECKING:
    from tests.warehouse.access.worlds import Raw


def test_a_user_with_a_free_rule_and_no_user_permission_sees_all() -> None:
    access = make_selling_world().grant(INVOICE, read_rule()).access()
    assert access.is_unrestricted
    assert access.condition == {}
    assert [meta["name"] for meta in access.metas] == [INVOICE, "Sales Invoice Item"]


def test_branches_say_what_is_demanded() -> None:
    world = make_selling_world().grant(INVOICE, read_rule()).permit("Cost Center", "CC1")
    world.permit(INVOICE, "SI-1").share(INVOICE, "SI-9")
    links = (LinkConstraint("cost_center", "Cost Center", ("CC1",), True, "items"),)  # noqa: FBT003
    assert world.access().branches == (
        RoleBranch(names=("SI-1",), links=links),
        SharesBranch(("SI-9",)),
    )


def test_an_owner_branch_holds_the_user_in_lower_case() -> None:
    world = make_selling_world().grant(INVOICE, read_rule(if_owner=True)).permit("Company", "C1")
    assert world.access().branches == (OwnerBranch(EMPLOYEE.lower()),)


@pytest.mark.parametrize(
    ("version", "code"),
    [("12.9.0", "version_unknown"), ("17.0.0", "version_unknown"), ("", "version_unknown")],
)
def test_versions_whose_rules_are_not_known_show_nothing(version: str, code: str) -> None:
    world = make_selling_world(versions={"frappe": version}).grant(INVOICE, read_rule())
    assert world.denial() == code


@pytest.mark.parametrize("name", ["Administrator", "Guest", "stranger@x", "U@x"])
def test_users_that_are_no_employees_see_nothing(name: str) -> None:
    snapshot = make_selling_world().grant(INVOICE, read_rule("All")).snapshot()
    assert isinstance(compile_access(snapshot, name, INVOICE), Denial)


def test_doctypes_of_the_policy_are_never_served() -> None:
    world = World()
    for doctype in ("User", "Communication", "Version", "Stock Settings"):
        world.add_doctype(make_meta(doctype), is_single=doctype == "Stock Settings")
        assert world.grant(doctype, read_rule()).denial(doctype) == "doctype_not_served"
    world.add_doctype(make_meta("Farm Settings"), is_single=True)
    assert world.grant("Farm Settings", read_rule()).denial("Farm Settings") == "doctype_not_served"


def test_a_missing_meta_shows_nothing() -> None:
    world = make_selling_world().grant(INVOICE, read_rule())
    del world.metas["Sales Invoice Item"]
    assert world.denial() == "meta_missing"
    del world.metas[INVOICE]
    assert world.denial() == "meta_missing"
    del world.kinds[INVOICE]
    assert world.denial() == "doctype_unknown"


@pytest.mark.parametrize(
    "field",
    [
        make_field("site", "Link", "Nowhere"),
        make_field("head", "Link", "Company", is_virtual=1),
        make_field("a.b", "Link", "Company"),
        make_field("sums", "Table", "Sales Invoice Item", is_virtual=1),
    ],
)
def test_links_that_can_not_be_judged_show_nothing_but_shares(field: dict) -> None:
    world = make_selling_world().grant(INVOICE, read_rule())
    world.metas[INVOICE]["fields"].append(field)
    assert world.access().is_unrestricted
    for target in ("Company", "Cost Center", "Nowhere"):
        world.permit(target, "one")
    assert world.denial() == "link_unreadable"
    assert world.share(INVOICE, "SI-1").access().branches == (SharesBranch(("SI-1",)),)


def test_a_link_that_no_user_permission_names_needs_no_target() -> None:
    world = make_selling_world().grant(INVOICE, read_rule()).permit("Company", "C1")
    world.metas[INVOICE]["fields"].append(make_field("site", "Link", "Nowhere"))
    (branch,) = world.access().branches
    assert isinstance(branch, RoleBranch)
    assert [link.field for link in branch.links] == ["company"]


def test_too_many_names_show_nothing() -> None:
    world = make_selling_world().grant(INVOICE, read_rule())
    world.permit("Customer", *(f"C{number}" for number in range(MOST_NAMES)))
    assert not world.access().is_unrestricted
    assert world.permit("Company", "C1").denial() == "filter_too_large"


def test_however_much_is_shared_takes_nothing_from_who_sees_all() -> None:
    world = make_selling_world().grant(INVOICE, read_rule())
    for number in range(MOST_NAMES + 1):
        world.share(INVOICE, f"SI-{number}")
    access = world.access()
    assert access.is_unrestricted
    assert access.condition == {}
    assert world.permit("Company", "C1").denial() == "filter_too_large"


def test_rows_of_earlier_scripts_are_not_judged(raw: Raw) -> None:
    world = make_selling_world().grant(INVOICE, read_rule()).permit("Company", "C1")
    invoice = {"name": "SI-1", "company": "C1", "items": []}
    assert world.shown(raw, [invoice]) == ["SI-1"]
    raw.update_one({}, {"$set": {"content_hash": ""}})
    assert raw.count_documents(world.access().condition) == 0


def test_a_document_without_its_table_is_not_judged(raw: Raw) -> None:
    world = make_selling_world().grant(INVOICE, read_rule()).permit("Cost Center", "CC1")
    documents = [{"name": "SI-1", "items": []}, {"name": "SI-2"}]
    assert world.shown(raw, documents) == ["SI-1"]


def test_numbers_and_their_texts_are_one_name_from_version_16_on(raw: Raw) -> None:
    documents = [{"name": "SI-1", "items": [], "company": 7}, {"name": "SI-2", "company": "7"}]
    for version, names in (("15.44.2", ["SI-2"]), ("16.0.0", ["SI-1", "SI-2"])):
        world = make_selling_world(versions={"frappe": version}).grant(INVOICE, read_rule())
        assert world.permit("Company", "7").shown(raw, documents) == names


def test_names_that_are_numbers_are_allowed_by_none_up_to_version_15() -> None:
    world = World().grant("Visit", read_rule()).permit("Visit", "7")
    world.add_doctype(make_meta("Visit", autoname="autoincrement"))
    assert world.access("Visit").branches == (RoleBranch(names=()),)


def test_secrets_are_hidden_in_every_doctype() -> None:
    world = World().grant("Farm", read_rule())
    fields = (make_field("api_secret"), make_field("pin", "Password"), make_field("title"))
    world.add_doctype(make_meta("Farm", *fields, make_field("gates", "Table", "Gate")))
    world.add_doctype(make_meta("Gate", make_field("code", "Password")), is_child=True)
    assert world.access("Farm").hidden == {"api_secret", "pin", "gates.code"}


def test_an_unattested_app_leaves_shares_only() -> None:
    world = make_selling_world().grant(INVOICE, read_rule()).share(INVOICE, "SI-1")
    world.versions = {"frappe": "15.44.2", "farmers": "1.2"}
    assert world.access().branches == (SharesBranch(("SI-1",)),)
    world.attestation = Attestation({"farmers": "1.1"})
    assert world.access().branches == (SharesBranch(("SI-1",)),)
    world.attestation = Attestation({"farmers": "1.2"})
    assert world.access().is_unrestricted


@pytest.mark.parametrize("hooked", [INVOICE, "*"])
def test_hooks_that_were_attested_leave_shares_only(hooked: str) -> None:
    world = make_selling_world().grant(INVOICE, read_rule())
    world.attestation = Attestation(hooked=frozenset({hooked}))
    assert world.denial() == "hook_unknown"


def test_address_is_served_unless_it_links_to_a_party() -> None:
    world = World().grant("Address", read_rule())
    world.add_doctype(make_meta("Address", make_field("country", "Link", "Country")))
    assert world.access("Address").is_unrestricted
    world.add_doctype(make_meta("Address", make_field("owner_company", "Link", "Company")))
    assert world.denial("Address") == "hook_unknown"


def test_user_permissions_of_others_do_not_matter() -> None:
    world = make_selling_world().grant(INVOICE, read_rule())
    snapshot = world.snapshot()
    snapshot.user_permissions["other@x"] = (UserPermission("Company", "C9"),)
    compiled = compile_access(snapshot, EMPLOYEE, INVOICE)
    assert not isinstance(compiled, Denial)
    assert compiled.is_unrestricted


def test_a_rule_that_only_selects_reads_nothing() -> None:
    assert make_selling_world().grant(INVOICE, Rule("A")).denial() == "no_rule"
