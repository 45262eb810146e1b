"""Strict unless the key was told, by a field that it may read, that an empty link passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.access.worlds import READER, World, read_rule
from warehouse.access.refresh import refresh_access
from warehouse.access.snapshot import Rule
from warehouse.access.strictness import FIELD, SETTINGS, is_strict

if TYPE_CHECKING:
    from tests.ingesting import Ingester
    from warehouse.access.tables import Rows

LEVEL_0 = read_rule("K")


def setters(**values: str) -> Rows:
    """Return the Property Setters of a site that has changed the field."""
    field = {"doc_type": SETTINGS, "field_name": FIELD}
    other = field | {"field_name": "session_expiry", "property": "permlevel", "value": "1"}
    changed = [field | {"property": name, "value": value} for name, value in values.items()]
    return {"Property Setter": [other, *changed]}


def judge(settings: dict[str, Any], rows: Rows, *rules: Rule) -> bool:
    world = World(reader=READER, reader_roles={"K"}).grant(SETTINGS, *rules)
    return is_strict(world.snapshot(), rows, settings)


@pytest.mark.parametrize(("value", "strict"), [(0, False), ("0", False), (1, True), ("1", True)])
def test_it_is_as_the_setting_says(value: Any, *, strict: bool) -> None:
    assert judge({FIELD: value}, setters(), LEVEL_0) is strict


@pytest.mark.parametrize("settings", [{}, {FIELD: None}, {FIELD: ""}, {FIELD: "off"}])
def test_what_says_nothing_clear_is_strict(settings: dict[str, Any]) -> None:
    assert judge(settings, setters(), LEVEL_0)


def test_a_zero_of_a_level_that_the_key_may_not_read_is_not_believed() -> None:
    assert judge({FIELD: 0}, setters(permlevel="1"), LEVEL_0)
    assert not judge({FIELD: 0}, setters(permlevel="1"), LEVEL_0, read_rule("K", 1))
    assert not judge({FIELD: 0}, setters(permlevel="0"), LEVEL_0)


def test_a_zero_that_is_masked_is_not_believed() -> None:
    assert judge({FIELD: 0}, setters(mask="1"), LEVEL_0)
    assert not judge({FIELD: 0}, setters(mask="1"), LEVEL_0, Rule("K", masks=True))


def test_a_key_without_a_rule_there_is_not_believed() -> None:
    assert judge({FIELD: 0}, setters())
    assert judge({FIELD: 0}, setters(), read_rule("of others"))


async def test_a_site_that_strips_the_setting_is_taken_for_strict(ingester: Ingester) -> None:
    assert not (await refresh_access(ingester.erp)).snapshot.is_strict
    ingester.edit(SETTINGS, SETTINGS, **{FIELD: 1})
    assert (await refresh_access(ingester.erp)).snapshot.is_strict
    ingester.edit(SETTINGS, SETTINGS, **{FIELD: 0})
    row = {"name": "strict-permlevel", "doctype_or_field": "DocField", "doc_type": SETTINGS}
    row |= {"field_name": FIELD, "property": "permlevel", "value": "1"}
    ingester.insert("Property Setter", row)
    assert (await refresh_access(ingester.erp)).snapshot.is_strict
