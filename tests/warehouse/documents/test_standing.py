"""How an instance stands, told from its runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from warehouse.documents.control import DocTypeReport, Failure, Lease, Outcome, Run
from warehouse.documents.standing import FROZEN, SILENT, read_standing

FIRST = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
REFUSED = Failure(code="erp_unauthorized", message="The key was refused.")

pytestmark = pytest.mark.usefixtures("mock_database")


async def test_an_instance_without_runs_was_never_met():
    standing = await read_standing("site")
    assert (standing.met_at, standing.whole_at, standing.unwell_runs) == (None, None, 0)


async def test_the_store_is_as_old_as_the_last_whole_run_that_was_completed():
    await _insert(1)
    await _insert(2)
    await _insert(3, is_whole=False)
    await _insert(4, outcome=Outcome.PARTIAL)
    assert (await read_standing("site")).whole_at == _ended(2)


async def test_runs_that_did_not_go_well_are_counted_from_the_last_on():
    await _insert(1, outcome=Outcome.FAILED, failure=REFUSED)
    await _insert(2)
    await _insert(3, outcome=Outcome.FAILED, failure=REFUSED)
    once = await read_standing("site")
    assert (once.unwell_runs, once.failure) == (1, REFUSED)
    await _insert(4, outcome=Outcome.INTERRUPTED)
    twice = await read_standing("site")
    assert (twice.unwell_runs, twice.failure, twice.ended_at) == (2, SILENT, _ended(4))


async def test_a_run_that_goes_on_counts_for_nothing():
    await _insert(1, outcome=Outcome.FAILED, failure=REFUSED)
    await _insert(2, outcome=Outcome.RUNNING, finished_at=None)
    await Lease(id="site", token=2, expires_at=datetime.now(UTC) + timedelta(minutes=1)).insert()
    standing = await read_standing("site")
    assert (standing.unwell_runs, standing.ended_at) == (1, _ended(1))


async def test_a_run_that_was_killed_ended_unwell_though_no_later_one_has_said_so_yet():
    await _insert(1, outcome=Outcome.FAILED, failure=REFUSED)
    await _insert(2, outcome=Outcome.RUNNING, finished_at=None)
    expired = _ended(2) + timedelta(hours=1)
    await Lease(id="site", token=2, expires_at=expired).insert()
    standing = await read_standing("site")
    assert (standing.unwell_runs, standing.failure) == (2, SILENT)
    assert standing.ended_at == expired


async def test_a_deferred_run_is_no_failure():
    await _insert(1, outcome=Outcome.FAILED, failure=REFUSED)
    await _insert(2, outcome=Outcome.DEFERRED)
    standing = await read_standing("site")
    assert (standing.unwell_runs, standing.failure, standing.whole_at) == (0, None, None)


async def test_a_partial_run_is_explained_by_its_first_failure_that_is_no_denial():
    broken = Failure(code="erp_rejected", message="Customer broke.")
    reports = [
        DocTypeReport(doctype="Salary Slip", outcome=Outcome.DENIED, failure=REFUSED),
        DocTypeReport(doctype="Customer", outcome=Outcome.FAILED, failure=broken),
    ]
    await _insert(1, outcome=Outcome.PARTIAL, doctypes=reports)
    assert (await read_standing("site")).failure == broken


async def test_a_store_in_which_documents_stand_still_grows_old_and_says_why():
    frozen = Failure(code=FROZEN, message="Farmer stands still.", cure="Give the role back.")
    refused = Failure(code="feed_refused", message="Comment is refused.")
    await _insert(1)
    await _insert(2, blind_spots=[refused])
    await _insert(3, blind_spots=[refused, frozen])
    standing = await read_standing("site")
    assert (standing.whole_at, standing.failure) == (_ended(2), frozen)
    assert standing.unwell_runs == 0
    await _insert(4, blind_spots=[refused])
    standing = await read_standing("site")
    assert (standing.whole_at, standing.failure) == (_ended(4), None)


async def _insert(token: int, **values: Any) -> None:
    usual = {
        "id": f"site-{token:08d}",
        "instance": "site",
        "token": token,
        "kind": "ingest",
        "outcome": Outcome.COMPLETED,
        "started_at": FIRST + timedelta(days=token),
        "finished_at": _ended(token),
        "is_whole": True,
    }
    await Run(**usual | values).insert()


def _ended(token: int) -> datetime:
    return FIRST + timedelta(days=token, minutes=5)
