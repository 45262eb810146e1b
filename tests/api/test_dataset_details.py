"""What a dataset's description tells whoever reads it of builds that failed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from api.schemas.datasets import DatasetDetail
from tests.warehouse.transform.rules import LINES
from warehouse.dashboards.opening import OpenDataset
from warehouse.documents.control import Failure
from warehouse.documents.datasets import LivePartition, Slot


def told(failure: Failure) -> str:
    slot = Slot(instance="site", month="2026-04")
    live = LivePartition(
        slot=slot, build_id="b", built_at=datetime.now(UTC), rows=9, failure=failure
    )
    pointer: Any = None  # a description does not look at it
    everything: Any = {}
    opened = OpenDataset(LINES, pointer, everything, frozenset(), frozenset(("site",)), (), (live,))
    return DatasetDetail.of_opened(opened).failures["site 2026-04"]


def test_readers_are_told_the_check_without_figures():
    message = "site 2026-04: Too dear (dear): 731 of 9000 rows break it."
    failure = Failure(code="dataset_error", message=message, check="Too dear (dear)")
    assert told(failure) == "Too dear (dear)"


def test_what_is_no_check_is_for_operators():
    assert "731" not in told(Failure(code="dataset_error", message="A row of 731 has no column."))
