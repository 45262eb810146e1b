"""Every dataset, made of books that are small enough to be checked by hand."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from pymongo import AsyncMongoClient

from tests.transforming import Books
from tests.warehouse.datasets.conftest import TODAY
from tests.warehouse.datasets.golden import FOLDER, expected_rows, load, pick, put_books
from warehouse.datasets.registry import load_registry
from warehouse.documents.database import init_documents

if TYPE_CHECKING:
    from warehouse.transform.run import DatasetReport

SLUGS = sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "books")


class Built(NamedTuple):
    """What became of the books: report and rows of each dataset."""

    reports: dict[str, DatasetReport]
    rows: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def built(mongodb_uri: str) -> Built:
    """The golden books, transformed once for all tests of the module."""
    return asyncio.run(_build(mongodb_uri))


async def _build(uri: str) -> Built:
    async with AsyncMongoClient(uri, tz_aware=True) as client:
        await init_documents(client["golden"], ["one", "two"])
        books = Books(client["golden-business"], load_registry(), ("one", "two"), TODAY)
        await put_books(books)
        reports = await books.transform()
        rows = {slug: await books.rows(slug) for slug in SLUGS}
        for name in ("golden", "golden-business"):
            await client.drop_database(name)
        return Built(reports, rows)


def test_every_dataset_has_a_golden_file():
    assert sorted(load_registry().datasets) == SLUGS


@pytest.mark.parametrize("slug", SLUGS)
def test_the_rows_are_those_that_were_worked_out_by_hand(built: Built, slug: str):
    golden = load(slug)
    assert pick(built.rows[slug], golden["columns"]) == expected_rows(slug)


@pytest.mark.parametrize("slug", SLUGS)
def test_what_was_kept_out_and_what_was_cleaned_is_counted(built: Built, slug: str):
    golden, builds = load(slug), built.reports[slug].built
    rejected: Counter[str] = sum((Counter(one.rejected) for one in builds), Counter())
    cleaned: Counter[str] = sum((Counter(one.cleaned) for one in builds), Counter())
    assert dict(rejected) == golden.get("rejected", {})
    assert dict(cleaned) == golden.get("cleaned", {})


@pytest.mark.parametrize("slug", SLUGS)
def test_builds_pass_and_tie_out(built: Built, slug: str):
    report = built.reports[slug]
    assert not report.failed
    assert [tie for one in report.built for tie in one.tie_outs if tie.differing] == []
