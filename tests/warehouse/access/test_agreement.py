"""Random sites: the filter in MongoDB shows what ERPNext's way of deciding lets be read.

The judge is the sample site's, which asks document by document and knows no filter. A failure names
the site's seed: `make_site(seed)` builds it again. Seven mistakes, made on purpose, must be caught.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import pytest

from demo.site.permissions import Permissions
from tests.warehouse.access.random_sites import SERVED, USERS, RandomSite, make_site
from tests.warehouse.access.worlds import make_row
from warehouse.access.compiler import compile_access
from warehouse.access.tables import build_snapshot
from warehouse.access.user_permissions import constrain_by_user_permissions
from warehouse.access.verdict import Access, Denial, OwnerBranch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.warehouse.access.worlds import Raw
    from warehouse.access.snapshot import Snapshot

    Compile = Callable[[Snapshot, str, str], Access | Denial]
    Found = tuple[str, str, str]

TEST_S = 60.0
SOAK_CHECKS = 100_000
MOST_SITES_FOR_A_MUTANT = 400


def store(raw: Raw, site: RandomSite) -> None:
    raw.delete_many({})
    raw.insert_many([make_row(doctype, row) for doctype in SERVED for row in site.rows(doctype)])


def find_shown(raw: Raw, site: RandomSite, compiling: Compile = compile_access) -> set[Found]:
    """Return (user, DocType, name) of what the compiled filters find."""
    snapshot, found = build_snapshot("site", site.facts()), set()
    for user in USERS:
        for doctype in SERVED:
            compiled = compiling(snapshot, user, doctype)
            if isinstance(compiled, Access):
                query = {"doctype": doctype, **compiled.condition}
                found |= {(user, doctype, row["name"]) for row in raw.find(query, {"name": 1})}
    return found


def find_readable(site: RandomSite) -> Iterator[tuple[Found, bool]]:
    """Yield (user, DocType, name) of every document, and whether the user may read it."""
    judge = Permissions(site)
    for user in site.rows("User"):
        for doctype in SERVED:
            for document in site.rows(doctype):
                may = bool(user["enabled"]) and judge.may_read(user["name"], doctype, document)
                yield (user["name"], doctype, document["name"]), may


def check(raw: Raw, seed: int) -> int:
    """Compare one site; return how many documents were judged."""
    site = make_site(seed)
    store(raw, site)
    judged = dict(find_readable(site))
    readable = {found for found, may in judged.items() if may}
    shown = find_shown(raw, site)
    assert not shown - readable, f"site {seed} leaks {sorted(shown - readable)}"
    assert not readable - shown, f"site {seed} hides {sorted(readable - shown)}"
    return len(judged)


def test_filters_show_what_erpnext_lets_be_read(raw: Raw) -> None:
    until, seed, checks = time.monotonic() + TEST_S, 1, 0
    while time.monotonic() < until:
        checks += check(raw, seed)
        seed += 1
    assert checks > 1_000


@pytest.mark.soak
def test_filters_show_what_erpnext_lets_be_read_for_long(
    raw: Raw, capsys: pytest.CaptureFixture[str]
) -> None:
    first = seed = int(os.environ["SOAK_SEED"])
    checks = 0
    while checks < SOAK_CHECKS:
        checks += check(raw, seed)
        seed += 1
    with capsys.disabled():
        sys.stdout.write(f"\n{checks:,} checks, sites {first} to {seed - 1}\n")


def test_fields_are_hidden_by_the_levels_of_the_users_rules(raw: Raw) -> None:
    compared = 0
    for seed in range(300):
        site = make_site(seed)
        snapshot, judge = build_snapshot("site", site.facts()), Permissions(site)
        for user in USERS:
            for doctype in SERVED:
                compiled = compile_access(snapshot, user, doctype)
                if isinstance(compiled, Access):
                    hidden = set(list_hidden(site, judge, user, doctype))
                    assert compiled.hidden == hidden, (seed, user, doctype)
                    compared += bool(hidden)
    assert compared > 100


def list_hidden(site: RandomSite, judge: Permissions, user: str, doctype: str) -> Iterator[str]:
    """Yield the fields that ERPNext strips from a single read."""
    roles = judge.roles(user)
    rows = [row for row in judge.rules(doctype) if row["role"] in roles and row["read"]]
    levels = [row["permlevel"] for row in rows] + [0]
    for field in site.meta(doctype)["fields"]:
        is_hidden = field.get("permlevel", 0) not in levels
        if is_hidden:
            yield field["fieldname"]
        if field["fieldtype"].startswith("Table"):
            for child in site.meta(field["options"])["fields"]:
                if is_hidden or child.get("permlevel", 0) not in levels:
                    yield f"{field['fieldname']}.{child['fieldname']}"


def ignore_child_rows(snapshot: Snapshot) -> Snapshot:
    bare = {
        name: meta | {"fields": []} if snapshot.kinds[name].is_child else meta
        for name, meta in snapshot.metas.items()
    }
    return replace(snapshot, metas=bare)


def change_permissions(snapshot: Snapshot, **values: Any) -> Snapshot:
    changed = {
        user: tuple(replace(permission, **values) for permission in permissions)
        for user, permissions in snapshot.user_permissions.items()
    }
    return replace(snapshot, user_permissions=changed)


def ignore_everyone(snapshot: Snapshot) -> Snapshot:
    shares = {
        doctype: tuple(share for share in shares if not share.to_everyone)
        for doctype, shares in snapshot.shares.items()
    }
    return replace(snapshot, shares=shares)


def add_custom_rules(snapshot: Snapshot) -> Snapshot:
    both = {
        doctype: rules + snapshot.standard_rules.get(doctype, ())
        for doctype, rules in snapshot.custom_rules.items()
    }
    return replace(snapshot, custom_rules=both)


def constrain_own(snapshot: Snapshot, user: str, doctype: str) -> Access | Denial:
    """Apply User Permissions to what a user owns, too."""
    compiled = compile_access(snapshot, user, doctype)
    if isinstance(compiled, Denial) or not isinstance(compiled.branches[0], OwnerBranch):
        return compiled
    demanded = constrain_by_user_permissions(snapshot, user, compiled.metas)
    if isinstance(demanded, Denial):
        return demanded
    own, *others = (branch.condition for branch in compiled.branches)
    mistaken = {"$or": [{"$and": [own, demanded.condition]}, *others]}
    given = {field.name: getattr(compiled, field.name) for field in fields(compiled)}
    return type("Mistaken", (Access,), {"condition": mistaken})(**given)


def mistaken(change: Callable[[Snapshot], Snapshot]) -> Compile:
    return lambda snapshot, user, doctype: compile_access(change(snapshot), user, doctype)


MUTANTS = {
    "child rows are not looked at": mistaken(ignore_child_rows),
    "hide_descendants is ignored": mistaken(
        lambda snapshot: change_permissions(snapshot, hides_descendants=False)
    ),
    "an empty value always passes": mistaken(lambda snapshot: replace(snapshot, is_strict=False)),
    "applicable_for is ignored": mistaken(
        lambda snapshot: change_permissions(snapshot, applicable_for="")
    ),
    "shares with everyone are missed": mistaken(ignore_everyone),
    "own documents are constrained": constrain_own,
    "Custom DocPerm adds to DocPerm": mistaken(add_custom_rules),
}


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_mistake_is_caught(raw: Raw, mutant: Compile) -> None:
    for seed in range(MOST_SITES_FOR_A_MUTANT):
        site = make_site(seed)
        store(raw, site)
        readable = {found for found, may in find_readable(site) if may}
        if find_shown(raw, site, mutant) != readable:
            return
    pytest.fail("nothing tells the mistake from what is right")
