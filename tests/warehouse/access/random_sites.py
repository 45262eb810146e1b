"""Random ERPNext sites, small enough for everything to meet: rules, users, trees, documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from tests.warehouse.access.worlds import make_field, make_meta
from warehouse.access.rules import ADMINISTRATOR
from warehouse.access.tables import TABLES, Facts

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, Any]

USERS = ("ann@x", "bob@x", "cay@x")
ROLES = ("A", "B", "C")
GRANTED = (*ROLES, "All", "Guest", "Desk User")
SERVED = ("Sale", "Customer", "Company", "Stall", "Note", "ToDo")
# Tree: name → (lft, rgt), or names of what is no tree.
COMPANIES = {"C": (1, 8), "C1": (2, 5), "C1a": (3, 4), "C2": (6, 7)}
TERRITORIES = {"T": (1, 6), "T1": (2, 3), "T2": (4, 5)}
NAMES: dict[str, tuple[str, ...]] = {
    "Company": tuple(COMPANIES),
    "Territory": tuple(TERRITORIES),
    "Customer": ("K1", "K2", "K3"),
    "Bin": ("B1", "B2"),
    "Sale": tuple(f"S{number}" for number in range(12)),
    "Stall": ("Stall",),
    "Note": ("N1", "N2", "N3", "N4"),
    "ToDo": ("D1", "D2", "D3", "D4"),
}
TREES = {"Company": COMPANIES, "Territory": TERRITORIES}
NODE = (make_field("lft", "Int"), make_field("rgt", "Int"))


@dataclass
class RandomSite:
    """The tables of a site, as lists of ERPNext give them, and its documents."""

    rng: Random
    versions: dict[str, str] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    metas: dict[str, Row] = field(default_factory=dict)

    def rows(self, doctype: str) -> Iterable[Row]:
        return self.tables.get(doctype, ())

    def meta(self, doctype: str) -> Row:
        return self.metas[doctype]

    def facts(self) -> Facts:
        names = (table.query.doctype for table in TABLES)
        return Facts(
            rows={name: list(self.rows(name)) for name in names},
            versions=self.versions,
            settings=self.tables["System Settings"][0],
            reader=ADMINISTRATOR,
            metas=self.metas,
            trees=TREES,
        )


def make_site(seed: int) -> RandomSite:
    site = RandomSite(Random(seed))  # noqa: S311 the same site for the same seed
    rng = site.rng
    site.versions = {"frappe": rng.choice(("13.58.21", "14.90.0", "15.44.2", "16.0.0"))}
    site.tables["System Settings"] = [{"apply_strict_user_permissions": rng.randrange(2)}]
    site.metas = {meta["name"]: meta for meta in _make_metas(rng)}
    site.tables["DocType"] = [
        {key: meta.get(key, 0) for key in ("name", "istable", "issingle", "is_virtual", "custom")}
        for meta in site.metas.values()
    ]
    _add_users(site)
    _add_rules(site)
    _add_user_permissions(site)
    _add_shares(site)
    _add_documents(site)
    return site


def _make_metas(rng: Random) -> list[Row]:
    def link(name: str, target: str) -> Row:
        ignored = int(rng.random() < 0.2)
        level = rng.choice((0, 0, 0, 1, 2))
        return make_field(name, "Link", target, ignore_user_permissions=ignored, permlevel=level)

    def table(name: str, child: str, fieldtype: str = "Table") -> Row:
        return make_field(name, fieldtype, child, permlevel=rng.choice((0, 0, 0, 1)))

    item = make_meta("Sale Item", link("bin", "Bin"), link("company", "Company"), istable=1)
    tag = make_meta("Sale Tag", link("territory", "Territory"), istable=1)
    sale = make_meta(
        "Sale",
        link("company", "Company"),
        link("customer", "Customer"),
        link("represents_company", "Company"),
        link("territory", "Territory"),
        make_field("party", "Dynamic Link", "party_type"),
        table("items", "Sale Item"),
        table("tags", "Sale Tag", "Table MultiSelect"),
    )
    customer = make_meta("Customer", link("territory", "Territory"), link("company", "Company"))
    stall = make_meta("Stall", link("company", "Company"), issingle=1)
    todo = make_meta("ToDo", link("allocated_to", "User"), link("assigned_by", "User"))
    company = make_meta("Company", *NODE, link("parent_company", "Company"))
    others = [make_meta("Territory", *NODE), make_meta("Note"), make_meta("Bin"), make_meta("User")]
    return [item, tag, sale, customer, stall, todo, company, *others]


def _add_users(site: RandomSite) -> None:
    rng = site.rng
    roles = site.tables["Role"] = [
        {"name": role, "disabled": int(role in ROLES and rng.random() < 0.1)} for role in GRANTED
    ]
    # Disabling a role takes it away from everybody.
    given = [*(row["name"] for row in roles[: len(ROLES)] if not row["disabled"]), "Desk User"]
    site.tables["User"] = [
        {
            "name": name,
            "enabled": int(rng.random() < 0.9),
            "user_type": rng.choice(("System User", "System User", "Website User", "Clerk")),
            "creation": "2026-01-01 00:00:00",
        }
        for name in USERS
    ]
    site.tables["Has Role"] = [
        {"parent": name, "parenttype": kind, "role": role}
        for name in USERS
        for role in given
        for kind in ("User", "Role Profile")
        if rng.random() < 0.6
    ]


def _add_rules(site: RandomSite) -> None:
    rng = site.rng
    site.tables |= {"DocPerm": [], "Custom DocPerm": []}
    for doctype in SERVED:
        for table, most, chance in (("DocPerm", 4, 1.0), ("Custom DocPerm", 3, 0.3)):
            number = rng.randint(1, most) if rng.random() < chance else 0
            site.tables[table] += [_make_rule(rng, doctype) for _ in range(number)]


def _make_rule(rng: Random, doctype: str) -> Row:
    levels = (0, 0, 0, 0, 1, 2) if doctype != "ToDo" else (0,)
    return {
        "parent": doctype,
        "role": rng.choice(GRANTED),
        "permlevel": rng.choice(levels),
        "read": rng.choice((1, 1, 1, 0, None)),
        "select": rng.randrange(2),
        "if_owner": rng.choice((0, 0, 0, 1, None)),
    }


def _add_user_permissions(site: RandomSite) -> None:
    rng = site.rng
    targets = ("Company", "Company", "Territory", "Customer", "Bin", "Sale", "Stall", "Note")
    site.tables["User Permission"] = [
        {
            "user": name,
            "allow": allow,
            "for_value": rng.choice(NAMES[allow]),
            "applicable_for": rng.choice((None, None, "", "Sale", "Customer", "Sale Item")),
            "hide_descendants": rng.choice((0, 0, 1, None)),
        }
        for name in USERS
        for allow in rng.sample(targets, rng.choice((0, 1, 2, 3, 4)))
    ]


def _add_shares(site: RandomSite) -> None:
    rng = site.rng
    doctypes = [rng.choice(SERVED) for _ in range(rng.randint(0, 5))]
    site.tables["DocShare"] = [
        {
            "user": rng.choice((*USERS, None)),
            "everyone": rng.choice((0, 0, 1, None)),
            "share_doctype": doctype,
            "share_name": rng.choice(NAMES[doctype]),
            "read": rng.choice((1, 1, 0)),
        }
        for doctype in doctypes
    ]


def _add_documents(site: RandomSite) -> None:
    for doctype, names in NAMES.items():
        site.tables[doctype] = [_make_document(site, doctype, name) for name in names]


def _make_document(site: RandomSite, doctype: str, name: str) -> Row:
    rng = site.rng
    document: Row = {"name": name, "doctype": doctype, "public": rng.randrange(2)}
    document["owner"] = rng.choice((*USERS, "Ann@X", "old@x"))
    document |= _fill(site, doctype)
    document |= dict(zip(("lft", "rgt"), TREES.get(doctype, {}).get(name, ()), strict=False))
    return document


def _fill(site: RandomSite, doctype: str) -> Row:
    """Fill in links and tables, some of them with nothing."""
    rng = site.rng
    values: Row = {}
    for each in site.metas[doctype]["fields"]:
        if each["fieldtype"] == "Link":
            names = USERS if each["options"] == "User" else NAMES[each["options"]]
            values[each["fieldname"]] = rng.choice((*names, "gone", "", None))
        elif each["fieldtype"].startswith("Table"):
            rows = [_fill(site, each["options"]) for _ in range(rng.choice((0, 1, 1, 2)))]
            values[each["fieldname"]] = rows
    return values
