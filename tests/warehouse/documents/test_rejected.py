"""Rejected documents are kept by name, read in order, and forgotten by name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from warehouse.documents.control import RejectedDocument
from warehouse.documents.rejected import (
    clear_rejected,
    keep_rejected,
    read_rejected,
    read_rejected_names,
)

pytestmark = pytest.mark.usefixtures("mock_database")

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


async def keep(instance: str, doctype: str, *names: str, reason: str = "r") -> None:
    for name in names:
        await keep_rejected(
            RejectedDocument(
                instance=instance,
                doctype=doctype,
                name=name,
                code="too_large",
                reason=reason,
                run_id=f"{instance}-00000001",
                rejected_at=NOW,
            )
        )


async def test_a_second_rejection_takes_the_place_of_the_first():
    await keep("mitra", "Farmer", "A", reason="once")
    await keep("mitra", "Farmer", "A", reason="again")
    (kept,) = await RejectedDocument.find_all().to_list()
    assert (kept.reason, kept.rejected_at) == ("again", NOW)


async def test_names_are_read_by_doctype_of_one_instance():
    await keep("mitra", "Farmer", "A", "B")
    await keep("mitra", "Item", "C")
    await keep("sahaja", "Farmer", "D")
    assert await read_rejected_names("mitra") == {
        "Farmer": frozenset({"A", "B"}),
        "Item": frozenset({"C"}),
    }
    assert await read_rejected_names("elsewhere") == {}


async def test_cleared_names_are_forgotten_and_no_others():
    await keep("mitra", "Farmer", "A", "B")
    await keep("mitra", "Item", "A")
    await keep("sahaja", "Farmer", "A")
    await clear_rejected("mitra", "Farmer", ["A", "never rejected"])
    await clear_rejected("mitra", "Farmer", [])
    left = [(row.instance, row.doctype, row.name) async for row in RejectedDocument.find_all()]
    assert sorted(left) == [
        ("mitra", "Farmer", "B"),
        ("mitra", "Item", "A"),
        ("sahaja", "Farmer", "A"),
    ]


async def test_they_are_read_in_order_for_chosen_instances():
    await keep("sahaja", "Farmer", "B", "A")
    await keep("mitra", "Item", "C")
    await keep("mitra", "Farmer", "D")
    await keep("elsewhere", "Farmer", "E")
    rows = await read_rejected(["sahaja", "mitra"]).to_list()
    assert [row.name for row in rows] == ["D", "C", "A", "B"]
    assert await read_rejected([]).to_list() == []
