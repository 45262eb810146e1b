"""What the key gained shows nothing to the restricted until all was read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.access.worlds import (
    EMPLOYEE,
    INVOICE,
    READER,
    World,
    make_row,
    make_selling_world,
    read_rule,
)
from warehouse.access.compiler import compile_access
from warehouse.access.pending import find_pending
from warehouse.access.snapshot import Pending, Rule
from warehouse.access.verdict import Access, Denial, SharesBranch

if TYPE_CHECKING:
    from tests.warehouse.access.worlds import Raw
    from warehouse.access.snapshot import Snapshot

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def key_world(*rules: Rule, **more: Any) -> World:
    """Return a site whose key has the role K, and whose invoices keep the company at level 1."""
    world = make_selling_world(reader=READER, reader_roles={"K"}, **more)
    change(world, INVOICE, "company", permlevel=1)
    return world.grant(INVOICE, read_rule(), read_rule("K"), *rules).permit("Company", "C1")


def change(world: World, doctype: str, fieldname: str, **values: Any) -> None:
    fields = [
        field | values if field["fieldname"] == fieldname else field
        for field in world.metas[doctype]["fields"]
    ]
    world.metas = world.metas | {doctype: world.metas[doctype] | {"fields": fields}}


def follow(
    before: Snapshot | None, world: World, read_at: datetime | None, now: datetime = NOON
) -> Snapshot:
    """Return the snapshot that follows `before`: documents are stored, read whole at `read_at`."""
    snapshot = world.snapshot()
    pending = find_pending(snapshot, before, {INVOICE: read_at}, now)
    return replace(snapshot, pending=pending)


def code_of(snapshot: Snapshot) -> str:
    compiled = compile_access(snapshot, EMPLOYEE, INVOICE)
    return compiled.code if isinstance(compiled, Denial) else "access"


def test_a_level_that_the_key_gained_opens_nothing_until_all_was_read_again(raw: Raw) -> None:
    world = key_world()
    without = world.snapshot()
    world.grant(INVOICE, read_rule("K", 1))
    raw.delete_many({})
    raw.insert_one(make_row(INVOICE, {"name": "of C2, and stored without"}))
    gained = follow(without, world, NOON - HOUR)
    assert code_of(gained) == "link_pending"
    later = follow(gained, world, NOON - HOUR, NOON + HOUR)
    assert later.pending == gained.pending
    assert code_of(later) == "link_pending"
    raw.update_one({}, {"$set": {"document_data.company": "C2"}})
    whole = compile_access(follow(later, world, NOON), EMPLOYEE, INVOICE)
    assert isinstance(whole, Access)
    assert not list(raw.find({"doctype": INVOICE, **whole.condition}))


def test_a_reading_that_began_before_settles_nothing() -> None:
    world = key_world()
    without = world.snapshot()
    world.grant(INVOICE, read_rule("K", 1))
    just_before = NOON - timedelta(microseconds=1)
    assert code_of(follow(without, world, just_before)) == "link_pending"
    assert code_of(follow(without, world, None)) == "link_pending"
    assert code_of(follow(without, world, NOON)) == "access"


def test_what_is_lost_and_gained_once_more_waits_for_a_later_reading() -> None:
    world = key_world()
    without = world.snapshot()
    world.grant(INVOICE, read_rule("K", 1))
    gained = follow(without, world, None)
    lost = follow(gained, key_world(), None, NOON + HOUR)
    assert code_of(lost) == "link_unreadable"
    again = follow(lost, world, NOON + HOUR, NOON + 2 * HOUR)
    assert code_of(again) == "link_pending"
    assert code_of(follow(again, world, NOON + 2 * HOUR)) == "access"


def test_a_field_that_came_down_to_a_level_that_the_key_reads_is_pending_too() -> None:
    world = key_world()
    without = world.snapshot()
    change(world, INVOICE, "company", permlevel=0)
    assert code_of(follow(without, world, NOON - HOUR)) == "link_pending"


def test_a_key_that_could_only_select_had_stored_next_to_nothing() -> None:
    world = make_selling_world(reader=READER, reader_roles={"K"}).grant(INVOICE, read_rule())
    without = world.permit("Company", "C1").snapshot()
    world.grant(INVOICE, read_rule("K"))
    assert code_of(follow(without, world, NOON - HOUR)) == "link_pending"


@pytest.mark.parametrize("fieldname", ["items", "cost_center"])
def test_links_in_rows_are_pending_as_those_of_the_document_are(fieldname: str) -> None:
    world = make_selling_world(reader=READER, reader_roles={"K"}).permit("Cost Center", "CC1")
    world.grant(INVOICE, read_rule(), read_rule("K"))
    change(world, INVOICE if fieldname == "items" else "Sales Invoice Item", fieldname, permlevel=1)
    without = world.snapshot()
    world.grant(INVOICE, read_rule("K", 1))
    assert code_of(follow(without, world, NOON - HOUR)) == "link_pending"
    assert code_of(follow(without, world, NOON)) == "access"


def test_who_is_not_restricted_by_the_field_sees_on_and_so_do_shares() -> None:
    world = key_world()
    without = world.snapshot()
    world.grant(INVOICE, read_rule("K", 1)).share(INVOICE, "SI-9")
    restricted = compile_access(follow(without, world, None), EMPLOYEE, INVOICE)
    assert isinstance(restricted, Access)
    assert restricted.branches == (SharesBranch(("SI-9",)),)
    world.permissions.clear()
    free = compile_access(follow(without, world, None), EMPLOYEE, INVOICE)
    assert isinstance(free, Access)
    assert free.is_unrestricted


def test_what_was_stored_before_the_first_snapshot_is_judged_once_it_was_read_again() -> None:
    world = make_selling_world().grant(INVOICE, read_rule()).permit("Company", "C1")
    assert code_of(follow(None, world, NOON - HOUR)) == "link_pending"
    assert code_of(follow(None, world, NOON)) == "access"
    assert not find_pending(world.snapshot(), None, {}, NOON)


def test_a_key_that_was_refused_a_table_may_have_lost_fields_of_higher_levels() -> None:
    world = key_world(read_rule("K", 1))
    doubted = replace(world.snapshot(), is_doubted=True)
    assert code_of(doubted) == "link_pending"
    after = follow(doubted, world, NOON - HOUR)
    assert code_of(after) == "link_pending"
    assert code_of(follow(after, world, NOON)) == "access"
    change(world, INVOICE, "company", permlevel=0)
    assert code_of(replace(world.snapshot(), is_doubted=True)) == "access"


def test_a_field_that_is_gone_is_not_waited_for() -> None:
    world = key_world()
    gone = {INVOICE: Pending(frozenset({"formerly"}), NOON)}
    before = replace(world.snapshot(), pending=gone)
    assert not follow(before, world, None).pending
