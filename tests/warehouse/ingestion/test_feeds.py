"""What the ERP says of documents that left: read from where the last whole run ended."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.ingesting import Ingester, site_now
from tests.reference import dataset_rows, needs_reference
from tests.scripted_site import ScriptedSite, message, page, refusal
from warehouse.documents.control import Instance, Outcome
from warehouse.documents.standing import read_standing
from warehouse.documents.tombstones import Reason
from warehouse.errors import ErpInMaintenance, ErpThrottled
from warehouse.ingestion.feeds import (
    Deletion,
    Feeds,
    Followed,
    Rename,
    parse_rename,
    read_feeds,
)

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


def read(*replies: httpx.Response) -> tuple[Feeds, list[Any]]:
    site = ScriptedSite(*replies)

    async def run() -> Feeds:
        async with site.client() as client:
            return await read_feeds(client, Followed(SINCE, SINCE))

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
    assert feeds.until == Followed(LATER, AT)
    assert not feeds.unread
    assert [query["doctype"] for query in asked] == ["Deleted Document", "Comment"]
    overlap = ["creation", ">=", "2026-11-23 07:40:00.000000"]
    assert all(overlap in query["filters"] for query in asked)


def test_an_entry_of_the_overlap_does_not_set_the_feed_back():
    deletions = [deletion("Farmer", "FMR-1", "2026-11-23 07:45:00")]
    assert read(message(deletions), message([]))[0].until == Followed(SINCE, SINCE)


def test_a_quiet_feed_goes_on_from_where_it_was():
    assert read(message([]), message([]))[0].until == Followed(SINCE, SINCE)


FORBIDDEN = refusal(403, "PermissionError")


@pytest.mark.parametrize("refused", ["Deleted Document", "Comment"])
def test_a_feed_that_the_key_may_not_read_is_told_and_waits_where_it_was(refused: str):
    answers = [message([deletion("Farmer", "FMR-1", AT)]), message([rename("Visit", "a", "b", AT)])]
    answers[refused == "Comment"] = FORBIDDEN
    feeds, asked = read(*answers)
    until = Followed(SINCE, AT) if refused == "Deleted Document" else Followed(AT, SINCE)
    assert feeds.until == until
    assert len(asked) == 2
    assert not feeds.has_failed
    (told,) = feeds.unread.values()
    assert (told.code, f"may not read {refused}" in told.message) == ("feed_refused", True)
    assert f"may read {refused}, as System Manager may" in told.cure


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal(500, "ProgrammingError"), "erp_rejected"),
        (refusal(500, "OperationalError"), "erp_unavailable"),
        (page(200), "erp_contract_broken"),
    ],
)
def test_a_feed_that_fails_is_no_refusal(answer: httpx.Response, code: str):
    feeds, _ = read(message([]), answer)
    assert feeds.has_failed
    assert feeds.unread["Comment"].code == code
    assert "renames, and the links" in feeds.unread["Comment"].message


def test_what_concerns_the_whole_site_is_left_to_the_run():
    with pytest.raises(ErpThrottled):
        read(refusal(429, "TooManyRequestsError"))
    with pytest.raises(ErpInMaintenance):
        read(refusal(503, "SessionStopped"))


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
    assert (run.totals.deleted, run.totals.renamed, run.outcome) == (1, 1, Outcome.COMPLETED)
    assert [spot.code for spot in run.blind_spots] == ["feed_refused"]
    assert refused in run.blind_spots[0].message
    await ingester.assert_equal("Farmer")


async def test_a_feed_that_was_refused_is_read_from_where_it_was_once_it_may_be(
    ingester: Ingester,
):
    ingester.inventory_rows, ingester.options = 15, {"page_rows": 20, "include": ("Farmer",)}
    await ingester.run()
    ingester.site.control.do("refuse", doctype="Comment")
    ingester.rename("Farmer", "FMR-00008", "FMR-8")
    later = {"deleted_doctype": "Farmer", "deleted_name": "x", "creation": site_now(hours=-1)}
    ingester.insert("Deleted Document", later)
    run = await ingester.run()
    assert (run.outcome, run.totals.renamed) == (Outcome.COMPLETED, 0)
    assert await follow_until() == later["creation"]
    ingester.site.control.do("refuse", doctype="Comment", refused=False)
    run = await ingester.run()
    assert (run.totals.renamed, run.blind_spots) == (1, [])
    await ingester.assert_equal("Farmer")


@pytest.mark.parametrize("broken", ["Deleted Document", "Comment"])
async def test_a_feed_that_fails_is_a_failure_and_stops_no_doctype(ingester: Ingester, broken: str):
    ingester.options = {"include": ("Farmer",)}
    await ingester.run()
    until = await follow_until()
    match = {"kind": "list", "doctype": broken}
    ingester.site.control.fault(
        "status", match=match, status=500, exc_type="ProgrammingError", times=None
    )
    ingester.delete("Farmer", "FMR-00007")
    run = await ingester.run()
    assert (run.outcome, run.totals.deleted) == (Outcome.PARTIAL, 1)
    assert f"rejected the list of {broken} (500 ProgrammingError)" in run.blind_spots[0].message
    standing = await read_standing("site")
    assert (standing.unwell_runs, standing.failure) == (1, run.blind_spots[0])
    assert await follow_until() == until
    ingester.site.control.clear_faults()
    assert (await ingester.run()).outcome is Outcome.COMPLETED


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
