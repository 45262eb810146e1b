"""The truth table of read permissions, 51 cases: rows, by the filter in MongoDB.

The numbers are the table's. Cases of fields, of the snapshot's age and of identity are in
test_truth_of_fields.py; those that stand here without a number are neighbours of the one above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.access.worlds import (
    INVOICE,
    World,
    make_field,
    make_meta,
    make_selling_world,
    read_rule,
)
from warehouse.access.snapshot import Rule
from warehouse.access.verdict import Access

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.warehouse.access.worlds import Raw

SELECTS = Rule("B")  # a row that grants select and not read
COMPANY_TREE = {"C": (1, 6), "C1": (2, 5), "C1a": (3, 4)}


def world(*rules: Rule, **more: Any) -> World:
    return make_selling_world(**more).grant(INVOICE, *(rules or (read_rule(),)))


def invoice(name: str, *centers: str | None, **values: Any) -> dict[str, Any]:
    return {"name": name, "items": [{"cost_center": center} for center in centers]} | values


def customised(*rules: Rule) -> World:
    changed = world()
    changed.custom_rules[INVOICE] += rules
    return changed


def grouped(*, hide: bool = False) -> World:
    tree = world().permit("Company", "C", hides_descendants=hide)
    tree.trees["Company"] = COMPANY_TREE
    return tree


def represented() -> World:
    """A Property Setter has set ignore_user_permissions of represents_company to 0."""
    changed = world().permit("Company", "C1")
    for field in changed.metas[INVOICE]["fields"]:
        field["ignore_user_permissions"] = "0"
    return changed


def both_roles(*rules: Rule) -> World:
    return world(*rules, roles={"A", "B"})


OF_U, OF_O, OF_UPPER = (invoice(owner[:3], owner=owner) for owner in ("u@x", "o@x", "U@X"))
OF_C1, OF_C2 = invoice("of C1", company="C1"), invoice("of C2", company="C2")
EMPTY, NULL = invoice("empty", company=""), invoice("null", company=None)
OWN_OF_C2 = invoice("own", company="C2", owner="u@x")
TWO = (invoice("INV1"), invoice("INV2"))
C1_K1, C1_K2, C2_K1, C1_NONE = (
    invoice(f"{company} {customer}", company=company, customer=customer)
    for company, customer in (("C1", "K1"), ("C1", "K2"), ("C2", "K1"), ("C1", ""))
)
OWN_ONLY = read_rule(if_owner=True)

ROWS = [
    ("1 no role rows", lambda: world(read_rule("B")), TWO, ()),
    ("2 read at level 0", world, TWO, ("INV1", "INV2")),
    ("3 only select", lambda: world(Rule("A")), TWO, ()),
    ("4 read at level 1 only", lambda: world(read_rule(permlevel=1)), TWO, ()),
    ("5 a Custom DocPerm of another role", lambda: customised(read_rule("B")), TWO, ()),
    ("6 a Custom DocPerm without read", lambda: customised(Rule("A")), TWO, ()),
    ("7 All", lambda: world(read_rule("All"), user_type="Website User"), TWO, ("INV1", "INV2")),
    ("8 Guest", lambda: world(read_rule("Guest"), roles=set()), TWO, ("INV1", "INV2")),
    ("10 if_owner", lambda: world(OWN_ONLY), (OF_U, OF_O, OF_UPPER), ("U@X", "u@x")),
    (
        "11 if_owner and a free rule",
        lambda: both_roles(OWN_ONLY, read_rule("B")),
        (OF_U, OF_O),
        ("o@x", "u@x"),
    ),
    (
        "12 if_owner outside the User Permission",
        lambda: world(OWN_ONLY).permit("Company", "C1"),
        (OWN_OF_C2, OF_C1),
        ("own",),
    ),
    (
        "13 a free rule gives an owner no privilege",
        lambda: world().permit("Company", "C1"),
        (OWN_OF_C2,),
        (),
    ),
    (
        "14 select for all, read for the owner",
        lambda: both_roles(SELECTS, OWN_ONLY),
        (OF_O, OF_U),
        ("u@x",),
    ),
    (
        "15 a User Permission",
        lambda: world().permit("Company", "C1"),
        (OF_C1, OF_C2, EMPTY, NULL),
        ("empty", "null", "of C1"),
    ),
    (
        "16 the same, strict",
        lambda: world(is_strict=True).permit("Company", "C1"),
        (OF_C1, OF_C2, EMPTY, NULL),
        ("of C1",),
    ),
    (
        "17 two of one DocType",
        lambda: world().permit("Company", "C1", "C2"),
        (OF_C1, OF_C2, invoice("of C3", company="C3")),
        ("of C1", "of C2"),
    ),
    (
        "18 two DocTypes",
        lambda: world().permit("Company", "C1").permit("Customer", "K1"),
        (C1_K1, C1_K2, C2_K1, C1_NONE),
        ("C1 ", "C1 K1"),
    ),
    (
        "19 a group",
        grouped,
        (invoice("C", company="C"), invoice("C1a", company="C1a"), OF_C2),
        ("C", "C1a"),
    ),
    (
        "19 a group without its descendants",
        lambda: grouped(hide=True),
        (invoice("C", company="C"), OF_C1),
        ("C",),
    ),
    (
        "20 applicable for another DocType",
        lambda: world().permit("Company", "C1", applicable_for="Purchase Invoice"),
        (OF_C2,),
        ("of C2",),
    ),
    ("21 applicable_for empty", lambda: world().permit("Company", "C1"), (OF_C2,), ()),
    ("22 the DocType itself", lambda: world().permit(INVOICE, "INV1"), TWO, ("INV1",)),
    (
        "23 a link that ignores User Permissions",
        lambda: world().permit("Company", "C1"),
        (invoice("I", company="C1", represents_company="C2"),),
        ("I",),
    ),
    (
        "23 until a Property Setter says it does not",
        represented,
        (invoice("I", company="C1", represents_company="C2"),),
        (),
    ),
    (
        "24 child rows",
        lambda: world().permit("Cost Center", "CC1"),
        (
            invoice("mixed", "CC1", "CC2"),
            invoice("well", "CC1", ""),
            invoice("bare"),
            invoice("unset", None),
        ),
        ("bare", "unset", "well"),
    ),
    (
        "24 child rows, strict",
        lambda: world(is_strict=True).permit("Cost Center", "CC1"),
        (invoice("well", "CC1"), invoice("gap", "CC1", ""), invoice("unset", None)),
        ("well",),
    ),
    (
        "24 applicable for the child never matches",
        lambda: world().permit("Cost Center", "CC1", applicable_for="Sales Invoice Item"),
        (invoice("I", "CC2"),),
        ("I",),
    ),
    (
        "25 an invoice of another customer",
        lambda: world().permit("Customer", "K1"),
        (C1_K1, C1_K2),
        ("C1 K1",),
    ),
    (
        "27 a share without a role",
        lambda: world(Rule("A")).share(INVOICE, "INV1"),
        TWO,
        ("INV1",),
    ),
    (
        "27 shared with everyone",
        lambda: world(Rule("A")).share(INVOICE, "INV1", "", to_everyone=True),
        TWO,
        ("INV1",),
    ),
    (
        "27 shared with somebody else",
        lambda: world(Rule("A")).share(INVOICE, "INV1", "o@x"),
        TWO,
        (),
    ),
    (
        "28 a share beside a User Permission on the DocType",
        lambda: world(Rule("A")).share(INVOICE, "INV1").permit(INVOICE, "INV9"),
        (*TWO, invoice("INV9")),
        ("INV1",),
    ),
    (
        "29 a share outside the User Permission",
        lambda: world().permit("Company", "C1").share(INVOICE, "of C2"),
        (OF_C1, OF_C2, OWN_OF_C2),
        ("of C1", "of C2"),
    ),
    (
        "30 a share of somebody else's",
        lambda: world(OWN_ONLY).share(INVOICE, "o@x"),
        (OF_U, OF_O),
        ("o@x", "u@x"),
    ),
    (
        "31 a share of a disabled user",
        lambda: world(is_enabled=False).share(INVOICE, "INV1"),
        TWO,
        (),
    ),
    ("32 a disabled user with roles", lambda: world(is_enabled=False), TWO, ()),
    (
        "39 docstatus and workflow state",
        world,
        [invoice(str(status), docstatus=status, workflow_state="Any") for status in (0, 1, 2)],
        ("0", "1", "2"),
    ),
    (
        "42 a DocType of an unknown app",
        lambda: world(versions={"frappe": "15.44.2", "drive": "0.1"}),
        TWO,
        (),
    ),
    (
        "42 the same, shared",
        lambda: world(versions={"frappe": "15.44.2", "drive": "0.1"}).share(INVOICE, "INV1"),
        TWO,
        ("INV1",),
    ),
    ("42 a script", lambda: world(scripted=frozenset({INVOICE})), TWO, ()),
    (
        "42 a script, shared",
        lambda: world(scripted=frozenset({INVOICE})).share(INVOICE, "INV1"),
        TWO,
        ("INV1",),
    ),
    ("46 a disabled role", lambda: world(disabled_roles=frozenset({"A"})), TWO, ()),
]


@pytest.mark.parametrize(
    ("make", "documents", "shown"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_sales_invoices(
    raw: Raw, make: Any, documents: Iterable[dict[str, Any]], shown: tuple[str, ...]
) -> None:
    assert make().shown(raw, documents) == list(shown)


@pytest.mark.parametrize(
    ("version", "user_type", "roles", "is_shown"),
    [
        ("15.44.2", "System User", set(), True),
        ("15.44.2", "Website User", {"Desk User"}, False),
        ("15.44.2", "Field Staff", set(), False),
        ("16.0.0", "System User", set(), True),
        ("14.90.0", "System User", set(), True),
        ("14.20.0", "System User", set(), False),
        ("14.20.0", "System User", {"Desk User"}, True),
        ("13.58.21", "System User", set(), False),
        ("13.58.21", "Website User", {"Desk User"}, True),
    ],
)
def test_9_who_is_a_desk_user(
    version: str, user_type: str, roles: set[str], *, is_shown: bool
) -> None:
    site = world(read_rule("Desk User"), user_type=user_type, roles=roles)
    site.versions = {"frappe": version}
    assert isinstance(site.compile(), Access) is is_shown


def test_25_a_dynamic_link_is_never_constrained(raw: Raw) -> None:
    site = World().permit("Customer", "K1").grant("Payment Entry", read_rule())
    site.add_doctype(make_meta("Payment Entry", make_field("party", "Dynamic Link", "party_type")))
    assert site.shown(raw, [{"name": "PE", "party": "K2"}], "Payment Entry") == ["PE"]
    site.grant("Customer", read_rule())
    assert site.shown(raw, [{"name": "K1"}, {"name": "K2"}], "Customer") == ["K1"]


def test_26_a_user_permission_hides_the_slips_of_others(raw: Raw) -> None:
    site = World().permit("Employee", "E1").grant("Salary Slip", read_rule())
    site.add_doctype(make_meta("Salary Slip", make_field("employee", "Link", "Employee")))
    slips = [{"name": "of E1", "employee": "E1"}, {"name": "of E2", "employee": "E2"}]
    assert site.shown(raw, slips, "Salary Slip") == ["of E1"]


NOTES = [
    {"name": "mine", "public": 0, "owner": "u@x"},
    {"name": "private", "public": 0},
    {"name": "public", "public": 1},
    {"name": "unset"},
]


def test_40_a_private_note_is_its_owners_and_of_whom_it_is_shared_with(
    raw: Raw,
) -> None:
    site = World().grant("Note", read_rule())
    site.add_doctype(make_meta("Note", make_field("public", "Check")))
    assert site.shown(raw, NOTES, "Note") == ["mine", "public"]
    site.share("Note", "private")
    assert site.shown(raw, NOTES, "Note") == ["mine", "private", "public"]


def test_41_a_todo_is_for_those_whom_it_names_or_for_all_by_a_role(raw: Raw) -> None:
    todos = [
        {"name": "allocated", "allocated_to": "u@x"},
        {"name": "assigned", "assigned_by": "u@x"},
        {"name": "owned", "owner": "u@x"},
        {"name": "other", "allocated_to": "o@x"},
    ]
    site = World().grant("ToDo", read_rule("Desk User"), read_rule("System Manager"))
    site.add_doctype(make_meta("ToDo", make_field("allocated_to", "Link", "User")))
    assert site.shown(raw, todos, "ToDo") == ["allocated", "assigned"]
    site.roles = {"System Manager"}
    assert site.shown(raw, todos, "ToDo") == ["allocated", "assigned", "other", "owned"]
    site.roles, site.versions = {"Desk User"}, {"frappe": "13.58.21"}
    assert site.shown(raw, todos, "ToDo") == ["assigned", "owned"]


@pytest.mark.parametrize(
    ("doctype", "public", "private"),
    [
        ("Event", {"event_type": "Public"}, {"event_type": "Private"}),
        ("Kanban Board", {"private": 0}, {"private": 1}),
        ("File", {"is_private": 0}, {"is_private": 1, "attached_to_doctype": INVOICE}),
    ],
)
def test_hooks_of_frappe_show_what_is_public_or_owned(
    raw: Raw, doctype: str, public: dict[str, Any], private: dict[str, Any]
) -> None:
    site = World().grant(doctype, read_rule())
    site.add_doctype(make_meta(doctype))
    documents = [
        {"name": "public", **public},
        {"name": "private", **private},
        {"name": "own", "owner": "u@x", **private},
    ]
    assert site.shown(raw, documents, doctype) == ["own", "public"]


def test_43_and_44_child_and_virtual_doctypes_are_not_served() -> None:
    site = world().grant("Sales Invoice Item", read_rule()).grant("RQ Worker", read_rule())
    assert site.share("Sales Invoice Item", "row").denial("Sales Invoice Item") == "child_doctype"
    site.add_doctype(make_meta("Weather"), is_virtual=True)
    assert site.grant("Weather", read_rule()).denial("Weather") == "virtual_doctype"


@pytest.mark.parametrize(("version", "shown"), [("15.44.2", ["Stall"]), ("13.58.21", [])])
def test_45_a_single_is_strict_in_version_13_only(raw: Raw, version: str, shown: list[str]) -> None:
    site = World(is_strict=True, versions={"frappe": version}).permit("Company", "C1")
    site.add_doctype(make_meta("Stall", make_field("company", "Link", "Company")), is_single=True)
    site.grant("Stall", read_rule())
    assert site.shown(raw, [{"name": "Stall", "company": ""}], "Stall") == shown
