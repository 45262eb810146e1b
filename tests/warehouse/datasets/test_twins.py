"""The two sample companies know some of the same parties: identity finds those, and no others."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from demo.books import generate_books
from demo.books.parties import TWINS
from tests.warehouse.datasets.tied import build_rows

if TYPE_CHECKING:
    from demo.books.parties import Twin
    from tests.warehouse.datasets.tied import Row

SEEDS = {"seed": 2, "food": 1}


@pytest.fixture(scope="module")
def parties(mongodb_uri: str) -> list[Row]:
    sites = {instance: generate_books(2_000, seed).documents for instance, seed in SEEDS.items()}
    return build_rows(mongodb_uri, "twins", sites, "parties")


def find(parties: list[Row], twin: Twin) -> list[Row]:
    """Return the rows of a twin in both companies."""
    titles = {
        (instance, party_type, " ".join(title.split()))
        for party_type, both in (("Customer", twin.sold_to), ("Supplier", twin.bought_from))
        for instance, title in zip(SEEDS, both, strict=True)
    }
    return [row for row in parties if (row["instance"], row["party_type"], row["party"]) in titles]


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.gstin or "none")
def test_twins_are_one_party_if_they_have_a_gstin(parties: list[Row], twin: Twin):
    rows = find(parties, twin)
    assert len(rows) == 2
    assert len({row["party_id"] for row in rows}) == (1 if twin.gstin else 2)
    assert {row["method"] for row in rows} == {"gstin" if twin.gstin else "alone"}


def test_nobody_else_is_taken_for_somebody_else(parties: list[Row]):
    by_party: defaultdict[str, set[str]] = defaultdict(set)
    for row in parties:
        by_party[row["party_id"]].add(row["party"])
    merged = {frozenset(names) for names in by_party.values() if len(names) > 1}
    known = {frozenset(row["party"] for row in find(parties, twin)) for twin in TWINS if twin.gstin}
    assert merged == known
