"""Every dataset, made of books that are small enough to be checked by hand."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.warehouse.datasets.golden import (
    FOLDER,
    expected_rows,
    load,
    pick,
    put_books,
    with_upstreams,
)
from warehouse.datasets.registry import load_registry

if TYPE_CHECKING:
    from tests.transforming import Books

SLUGS = sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "books")


def test_every_dataset_has_a_golden_file():
    assert sorted(load_registry().datasets) == SLUGS


@pytest.mark.parametrize("slug", SLUGS)
async def test_the_rows_are_those_that_were_worked_out_by_hand(books: Books, slug: str):
    await put_books(books)
    reports = await books.transform(*with_upstreams(slug))
    golden = load(slug)
    rows = await books.rows(slug)
    assert pick(rows, golden["columns"]) == expected_rows(slug)
    built = reports[slug].built
    assert not reports[slug].failed
    rejected: Counter[str] = sum((Counter(one.rejected) for one in built), Counter())
    cleaned: Counter[str] = sum((Counter(one.cleaned) for one in built), Counter())
    assert dict(rejected) == golden.get("rejected", {})
    assert dict(cleaned) == golden.get("cleaned", {})
    differing = {tie.code for one in built for tie in one.tie_outs if tie.differing}
    assert differing == set(golden.get("differing_tie_outs", ()))
