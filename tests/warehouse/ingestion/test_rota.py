"""Everything is read in full within CSA_REREAD_DAYS; what fits on a page, daily."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.documents.control import Outcome, SyncState
from warehouse.ingestion.rota import Rota

NOW = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)
ROTA = Rota(reread_days=7, page_rows=1000)


def state(**values: object) -> SyncState:
    known = {"instance": "mitra", "doctype": "Farmer", "token": 1, "outcome": Outcome.COMPLETED}
    return SyncState.model_construct(**known, **values)


@pytest.mark.parametrize(("hours", "is_due"), [(1, False), (19, False), (21, True), (24, True)])
def test_what_fits_on_a_page_is_due_every_day(hours: int, *, is_due: bool):
    assert ROTA.is_due("Farmer", 1000, NOW - timedelta(hours=hours), NOW) is is_due


def test_what_takes_more_than_a_page_is_not():
    assert not ROTA.is_due("Farmer", 1001, NOW - timedelta(days=1), NOW)


def test_what_was_never_read_in_full_is_due():
    assert ROTA.is_due_by(state(documents=1, reread_at=None), NOW)


def test_what_was_never_synced_or_is_empty_is_not():
    assert not ROTA.is_due_by(None, NOW)
    assert not ROTA.is_due_by(state(documents=0, reread_at=None), NOW)


@given(st.text(), st.integers(2, 365), st.integers(1001, 10**7))
def test_a_daily_run_reads_everything_within_the_days_promised(
    doctype: str, days: int, documents: int
):
    rota = Rota(days, 1000)
    interval = rota.interval(doctype, documents)
    # The runs are a day apart; the last one before the promise is broken must find it due.
    assert interval <= timedelta(days=days - 1)
    assert interval >= min(timedelta(days=(days - 1) / 2), timedelta(days=days))


def test_with_a_day_promised_everything_is_read_daily():
    rota = Rota(1, 1000)
    assert rota.is_due("GL Entry", 10**6, NOW - timedelta(hours=21), NOW)


def test_large_doctypes_are_spread_over_the_days():
    names = [f"DocType {number}" for number in range(300)]
    nights = [ROTA.interval(name, 5000) / timedelta(days=1) for name in names]
    for night in (3, 4, 5):
        assert sum(night <= value < night + 1 for value in nights) > 60
