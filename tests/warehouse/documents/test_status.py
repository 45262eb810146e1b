"""The status of an instance: what is stored, how fresh, and how the last run ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from warehouse.documents.control import Failure, Instance, Outcome, RejectedDocument, Run, SyncState
from warehouse.documents.status import DocTypeStatus, read_status

pytestmark = pytest.mark.usefixtures("mock_database")

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


async def save_run(token: int, outcome: Outcome, unreached: int = 0) -> None:
    await Run(
        id=f"mitra-{token:08}",
        instance="mitra",
        token=token,
        kind="ingest",
        outcome=outcome,
        started_at=NOW - timedelta(hours=1),
        unreached=unreached,
    ).insert()


async def save_state(doctype: str, documents: int, outcome: Outcome, hours: float | None) -> None:
    await SyncState(
        instance="mitra",
        doctype=doctype,
        token=1,
        outcome=outcome,
        documents=documents,
        verified_at=NOW - timedelta(hours=hours) if hours is not None else None,
        failure=None if outcome is Outcome.COMPLETED else Failure(code="c", message="m"),
    ).insert()


async def save_rejected(doctype: str, name: str) -> None:
    await RejectedDocument(
        instance="mitra",
        doctype=doctype,
        name=name,
        code="c",
        reason="r",
        run_id="r",
        rejected_at=NOW,
    ).insert()


async def test_an_instance_that_was_never_met_has_an_empty_status():
    (status,) = await read_status(["mitra"], NOW)
    assert status.instance == "mitra"
    assert (status.documents, status.rejected, status.doctypes) == (0, 0, [])
    assert status.title is status.run_id is status.run_outcome is None


async def test_a_status_tells_documents_lag_and_rejections_by_doctype():
    await save_state("Item", 5, Outcome.COMPLETED, hours=2)
    await save_state("Farmer", 7, Outcome.FAILED, hours=None)
    for name in ("A", "B"):
        await save_rejected("Farmer", name)
    (status,) = await read_status(["mitra"], NOW)
    assert (status.documents, status.rejected) == (12, 2)
    farmer, item = status.doctypes
    assert (farmer.doctype, farmer.rejected, farmer.lag_s) == ("Farmer", 2, None)
    assert (item.doctype, item.rejected, item.lag_s) == ("Item", 0, 7200.0)
    assert farmer.failure
    assert (status.count(Outcome.FAILED), status.count(Outcome.DENIED)) == (1, 0)


async def test_the_last_run_is_the_one_of_the_highest_token():
    await save_run(9, Outcome.COMPLETED)
    await save_run(10, Outcome.PARTIAL, unreached=3)
    await save_run(2, Outcome.FAILED)
    (status,) = await read_status(["mitra"], NOW)
    assert (status.run_id, status.run_outcome) == ("mitra-00000010", Outcome.PARTIAL)
    assert status.unreached == 3


async def test_each_instance_has_its_own_status_in_the_order_asked():
    await save_state("Item", 5, Outcome.COMPLETED, hours=2)
    await Instance(
        id="sahaja",
        title="Sahaja Aharam",
        time_zone="Asia/Kolkata",
        versions={"frappe": "15.44.2"},
        erp_user="u",
        seen_at=NOW,
    ).insert()
    sahaja, mitra = await read_status(["sahaja", "mitra"], NOW)
    assert (sahaja.title, sahaja.versions) == ("Sahaja Aharam", {"frappe": "15.44.2"})
    assert (sahaja.documents, mitra.documents, mitra.title) == (0, 5, None)


@pytest.mark.parametrize(
    ("documents", "rejected", "outcome", "is_worth_a_line"),
    [
        (0, 0, Outcome.COMPLETED, False),
        (1, 0, Outcome.COMPLETED, True),
        (0, 1, Outcome.COMPLETED, True),
        (0, 0, Outcome.DENIED, True),
        (0, 0, Outcome.FAILED, True),
    ],
)
def test_an_empty_doctype_that_is_well_is_worth_no_line(
    documents: int, rejected: int, outcome: Outcome, *, is_worth_a_line: bool
):
    status = DocTypeStatus(doctype="Item", documents=documents, rejected=rejected, outcome=outcome)
    assert status.is_worth_a_line is is_worth_a_line
