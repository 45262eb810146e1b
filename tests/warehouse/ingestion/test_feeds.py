"""What the ERP says of documents that left: read from where the last whole run ended."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.ingesting import Ingester, site_now
from tests.reference import dataset_rows, needs_reference
from tests.scripted_site import ScriptedSite, message, refusal
from warehouse.documents.control import Instance, Outcome
from warehouse.documents.tombstones import Reason
from warehouse.ingestion.feeds import Deletion, Feeds, Rename, parse_rename, read_feeds

if TYPE_CHECKING:
    import httpx

SINCE = "2026-11-23 07:50:00"
AT, LATER = "2026-11-23 08:59:01.791986", "2026-11-23 08:59:05.842633"


@pytest.mark.parametrize(
    ("content", "pairs"),
    [
        (
            "renamed from <strong>Kurnool FPO</strong> to <strong>Kurnool Union</strong>",
            [("Kurnool FPO", "Kurnool Union")],
        ),
        (
            "renamed from <strong>A &amp; B</strong> to <strong>A &lt; B</strong>",
            [("A &amp; B", "A &lt; B"), ("A & B", "A < B")],
        ),
        (
            "renamed from <strong>రైతు\nమిత్ర</strong> to <strong>किसान</strong>",
            [("రైతు\nమిత్ర", "किसान")],
        ),
        ("renamed from A to B", []),
        ("<p>I renamed from <b>A</b></p>", []),
        ("", []),
    ],
)
def test_the_comment_of_a_rename_says_both_names(content: str, pairs: list[tuple[str, str]]):
    assert parse_rename(content) == pairs


@needs_reference
def test_every_rename_of_a_real_erpnext_is_understood():
    comments = [
        row
        for row in dataset_rows("site2-later", "Comment")
        if (row["content"] or "").startswith("renamed from")
    ]
    assert len(comments) > 10
    assert all(parse_rename(row["content"])[-1][1] == row["reference_name"] for row in comments)


def read(*replies: httpx.Response, since: str | None = SINCE) -> tuple[Feeds, list[Any]]:
    site = ScriptedSite(*replies)

    async def run() -> Feeds:
        async with site.client() as client:
            return await read_feeds(client, since)

    return asyncio.run(run()), [json.loads(request.content) for request in site.requests]


def deletion(doctype: str, name: str | int, at: str) -> dict[str, Any]:
    return {"deleted_doctype": doctype, "deleted_name": name, "creation": at}


def rename(doctype: str, old: str, new: str, at: str) -> dict[str, Any]:
    content = f"renamed from <strong>{old}</strong> to <strong>{new}</strong>"
    return {"reference_doctype": doctype, "content": content, "creation": at}


def test_both_feeds_are_sorted_by_doctype():
    deletions = [deletion("Farmer", "FMR-1", AT), deletion("Visit", 7, LATER)]
    renames = [rename("Farmer", "FMR-2", "FMR-3", AT)]
    feeds, asked = read(message(deletions), message(renames))
    assert feeds.deletions == {"Farmer": [Deletion("FMR-1", AT)], "Visit": [Deletion("7", LATER)]}
    assert feeds.renames == {"Farmer": [Rename("FMR-2", "FMR-3", AT)]}
    assert feeds.names("Farmer") == {"FMR-1", "FMR-2"}
    assert feeds.names("Customer") == set()
    assert feeds.until == LATER
    assert [query["doctype"] for query in asked] == ["Deleted Document", "Comment"]
    overlap = ["creation", ">=", "2026-11-23 07:40:00.000000"]
    assert all(overlap in query["filters"] for query in asked)


def test_an_entry_of_the_overlap_does_not_set_the_feed_back():
    deletions = [deletion("Farmer", "FMR-1", "2026-11-23 07:45:00")]
    assert read(message(deletions), message([]))[0].until == SINCE


def test_a_quiet_feed_goes_on_from_where_it_was():
    assert read(message([]), message([]))[0].until == SINCE


def test_nothing_is_asked_without_a_time():
    assert read(message([]), since=None)[1] == []


@pytest.mark.parametrize("other", [message([]), refusal(403, "PermissionError")])
def test_a_feed_that_the_key_may_not_read_is_empty(other: httpx.Response):
    feeds, asked = read(refusal(403, "PermissionError"), other)
    assert feeds == Feeds(until=SINCE)
    assert len(asked) == 2


# --- Of a site


async def follow_until() -> str:
    instance = await Instance.get("site")
    assert instance
    assert instance.feeds_until
    return instance.feeds_until


async def test_the_first_run_follows_no_feed_of_the_past(ingester: Ingester):
    before = site_now()
    await ingester.run()
    assert await follow_until() >= before
    first = await follow_until()
    assert (await ingester.run()).totals.deleted == 0
    assert await follow_until() == first


async def test_what_a_run_of_some_doctypes_reads_is_read_again_by_the_next_whole_run(
    ingester: Ingester,
):
    await ingester.run()
    until = await follow_until()
    ingester.delete("Farmer", "FMR-00007")
    await ingester.run("Customer")
    assert await follow_until() == until
    await ingester.run()
    assert await follow_until() > until
    assert (await ingester.buried("Farmer"))["FMR-00007"]["reason"] is not Reason.VANISHED


async def test_a_run_in_which_a_doctype_failed_leaves_the_feed_where_it_was(ingester: Ingester):
    await ingester.run()
    until = await follow_until()
    ingester.delete("Farmer", "FMR-00007")
    ingester.site.control.fault("garbage", match={"doctype": "Farmer"}, times=None)
    assert (await ingester.run()).outcome is Outcome.PARTIAL
    assert await follow_until() == until
    ingester.site.control.clear_faults()
    await ingester.run()
    assert (await ingester.buried("Farmer"))["FMR-00007"]["reason"] == Reason.DELETED


@pytest.mark.parametrize("refused", ["Deleted Document", "Comment"])
async def test_without_the_feeds_departures_are_found_all_the_same(
    ingester: Ingester, refused: str
):
    ingester.site.control.do("refuse", doctype=refused)
    await ingester.run()
    ingester.delete("Farmer", "FMR-00007")
    ingester.rename("Farmer", "FMR-00008", "FMR-8")
    run = await ingester.run()
    assert (run.totals.deleted, run.totals.renamed) == (1, 1)
    await ingester.assert_equal("Farmer")


async def test_a_large_doctype_follows_the_feeds_without_a_complete_inventory(ingester: Ingester):
    ingester.inventory_rows, ingester.options = 15, {"page_rows": 20}
    await ingester.run()
    ingester.delete("Farmer", "FMR-00007")
    ingester.rename("Farmer", "FMR-00008", "FMR-8")
    ingester.site.control.stats(reset=True)
    report = await ingester.report("Farmer")
    assert (report.deleted, report.renamed, report.new) == (1, 1, 1)
    assert report.seen < 15
    await ingester.assert_equal("Farmer")


async def test_a_large_doctype_keeps_what_left_without_a_trace_until_its_turn(
    ingester: Ingester,
):
    ingester.inventory_rows, ingester.options = 15, {"page_rows": 20}
    await ingester.run()
    ingester.delete("Farmer", "FMR-00007", trace=False)
    assert (await ingester.report("Farmer")).deleted == 0
    await ingester.reconcile("Farmer")
    assert (await ingester.buried("Farmer"))["FMR-00007"]["reason"] == Reason.VANISHED
    await ingester.assert_equal("Farmer")
