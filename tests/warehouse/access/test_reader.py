"""What the key may not read is stored as if it were empty, and never passes for unlinked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from demo.site.permissions import Permissions
from tests.warehouse.access.random_sites import SERVED, USERS, RandomSite, make_site
from tests.warehouse.access.test_agreement import find_readable, find_shown, list_hidden
from tests.warehouse.access.worlds import (
    INVOICE,
    READER,
    World,
    make_field,
    make_meta,
    make_row,
    make_selling_world,
    read_rule,
)
from warehouse.access.compiler import compile_access
from warehouse.access.rules import ADMINISTRATOR
from warehouse.access.snapshot import Rule
from warehouse.access.verdict import SharesBranch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.warehouse.access.worlds import Raw
    from warehouse.access.snapshot import Snapshot
    from warehouse.access.verdict import Access, Denial

UNREADABLE = "link_unreadable"
SITES = 250


def key_world(*rules: Rule, **more: Any) -> World:
    """Return a site whose key has the role K and who reads invoices."""
    world = make_selling_world(reader=READER, reader_roles={"K"}, **more)
    return world.grant(INVOICE, read_rule(), read_rule("K"), *rules)


def change(world: World, doctype: str, fieldname: str, **values: Any) -> None:
    fields = world.metas[doctype]["fields"]
    next(field for field in fields if field["fieldname"] == fieldname).update(values)


def test_a_link_above_what_the_key_reads_shows_nothing_by_roles(raw: Raw) -> None:
    world = key_world().permit("Company", "C1")
    change(world, INVOICE, "company", permlevel=1)
    assert world.denial() == UNREADABLE
    assert world.shown(raw, [{"name": "of C2, and stored without"}]) == []
    world.grant(INVOICE, read_rule("K", 1))
    assert world.shown(raw, [{"name": "A", "company": "C1"}, {"name": "B", "company": "C2"}]) == [
        "A"
    ]


def test_the_levels_of_the_employee_do_not_stand_in_for_those_of_the_key() -> None:
    world = key_world(read_rule("A", 1)).permit("Company", "C1")
    change(world, INVOICE, "company", permlevel=1)
    assert world.denial() == UNREADABLE


def test_a_link_in_a_child_goes_by_the_rows_of_the_parent() -> None:
    world = key_world().permit("Cost Center", "CC1")
    change(world, "Sales Invoice Item", "cost_center", permlevel=2)
    assert world.denial() == UNREADABLE
    world.grant("Sales Invoice Item", read_rule("K", 2))
    assert world.denial() == UNREADABLE
    assert world.grant(INVOICE, read_rule("K", 2)).access().branches


def test_a_table_above_what_the_key_reads_hides_the_links_in_its_rows() -> None:
    world = key_world().permit("Cost Center", "CC1")
    change(world, INVOICE, "items", permlevel=1)
    assert world.denial() == UNREADABLE
    assert world.grant(INVOICE, read_rule("K", 1)).access().branches


def test_a_link_that_version_16_masks_for_the_key_decides_nothing() -> None:
    world = key_world(versions={"frappe": "16.0.0"}).permit("Company", "C1")
    change(world, INVOICE, "company", mask=1)
    assert world.denial() == UNREADABLE
    assert world.grant(INVOICE, Rule("K", masks=True)).access().branches


def test_what_is_shared_stays() -> None:
    world = key_world().permit("Company", "C1").share(INVOICE, "SI-9")
    change(world, INVOICE, "company", permlevel=1)
    assert world.access().branches == (SharesBranch(("SI-9",)),)


def test_only_links_that_are_constrained_matter() -> None:
    world = key_world()
    change(world, INVOICE, "company", permlevel=1)
    assert world.access().is_unrestricted
    assert world.permit("Customer", "K1").access().branches
    change(world, INVOICE, "company", ignore_user_permissions=1)
    assert world.permit("Company", "C1").access().branches


def test_a_key_without_a_reading_rule_or_a_user_reads_no_link() -> None:
    world = key_world().permit("Company", "C1")
    assert world.access().branches
    world.reader = "stranger@x"
    assert world.denial() == UNREADABLE
    world.reader = ""
    assert world.denial() == UNREADABLE
    world.reader, world.reader_roles = READER, {"of nothing"}
    assert world.denial() == UNREADABLE
    world.reader = ADMINISTRATOR
    assert world.access().branches


def test_a_key_that_may_select_only_reads_no_link() -> None:
    world = make_selling_world(reader=READER, reader_roles={"K"}).permit("Company", "C1")
    world.grant(INVOICE, read_rule(), Rule("K"), read_rule("K", 1))
    assert world.denial() == UNREADABLE


@pytest.mark.parametrize("level", [0, 1])
def test_a_hook_that_asks_for_what_the_key_may_not_read_shows_nothing(level: int) -> None:
    world = World(reader=READER, reader_roles={"K"}).grant("File", read_rule(), read_rule("K"))
    world.add_doctype(make_meta("File", make_field("is_private", "Check", permlevel=level)))
    if level:
        assert world.denial("File") == UNREADABLE
        world.grant("File", read_rule("K", 1))
    assert world.access("File").branches


def with_key(snapshot: Snapshot, user: str, doctype: str) -> Access | Denial:
    return compile_access(replace(snapshot, reader=USERS[0]), user, doctype)


def test_a_key_that_reads_less_never_lets_more_be_seen(raw: Raw) -> None:
    leaked_without = compared = 0
    for seed in range(SITES):
        site = make_site(seed)
        store_as_read(raw, site, USERS[0])
        readable = {found for found, may in find_readable(site) if may}
        shown = find_shown(raw, site, with_key)
        assert not shown - readable, f"site {seed} leaks {sorted(shown - readable)}"
        whole = {doctype for doctype in SERVED if not list(unread(site, USERS[0], doctype))}
        needless = {found for found in readable - shown if found[1] in whole}
        assert not needless, f"site {seed} hides {sorted(needless)}"
        compared += len(shown)
        leaked_without += len(find_shown(raw, site) - readable)
    assert compared > SITES
    assert leaked_without > 100


def unread(site: RandomSite, key: str, doctype: str) -> Iterator[str]:
    """Yield what ERPNext drops from the lists of a key's user; of who may not read, all."""
    judge = Permissions(site)
    rows = [row for row in judge.rules(doctype) if row["role"] in judge.roles(key)]
    if any(row["read"] and not row["permlevel"] for row in rows):
        yield from list_hidden(site, judge, key, doctype)
        return
    for field in site.meta(doctype)["fields"]:
        yield field["fieldname"]


def store_as_read(raw: Raw, site: RandomSite, key: str) -> None:
    """Store what is left of each document once ERPNext has dropped what a key may not read."""
    raw.delete_many({})
    for doctype in SERVED:
        paths = set(unread(site, key, doctype))
        raw.insert_many(make_row(doctype, strip(row, paths)) for row in site.rows(doctype))


def strip(row: dict[str, Any], paths: set[str]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in paths}
    for table, rows in row.items():
        if isinstance(rows, list):  # assembly makes an empty table of one that did not come
            kept[table] = [
                {name: value for name, value in child.items() if f"{table}.{name}" not in paths}
                for child in ([] if table in paths else rows)
            ]
    return kept
