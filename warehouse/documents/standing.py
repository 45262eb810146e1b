"""How an instance stands: whether its last runs went well, and how old its store is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.documents.control import Failure, Outcome, Run

if TYPE_CHECKING:
    from datetime import datetime

# The code of the blind spot of a run that met DocTypes out of sight whose documents are stored.
FROZEN = "documents_frozen"
WELL = frozenset({Outcome.COMPLETED, Outcome.DEFERRED})


@dataclass(frozen=True, slots=True)
class Standing:
    """`whole_at`: when a run last brought the whole store up to date; `met_at`: the first run.

    A run that was completed while documents stand still, out of sight, did not. `failure`: why the
    last run did not go well, or what stands still; `unwell_runs`: how many in a row did not go
    well, 0 to 2.
    """

    instance: str
    met_at: datetime | None
    whole_at: datetime | None
    unwell_runs: int
    failure: Failure | None


async def read_standing(instance: str) -> Standing:
    """Return how an instance stands, by its finished runs that store documents."""
    ended = {"instance": instance, "finished_at": {"$ne": None}}
    first = await Run.find(ended).sort("token").first_or_none()
    last = await Run.find(ended).sort("-token").limit(2).to_list()
    completed = {**ended, "outcome": Outcome.COMPLETED, "is_whole": True}
    completed["blind_spots.code"] = {"$ne": FROZEN}
    whole = await Run.find(completed).sort("-token").first_or_none()
    unwell = 0
    for run in last:
        if run.outcome in WELL:
            break
        unwell += 1
    return Standing(
        instance=instance,
        met_at=first.started_at if first else None,
        whole_at=whole.finished_at if whole else None,
        unwell_runs=unwell,
        failure=_explain(last[0], is_unwell=bool(unwell)) if last else None,
    )


def find_failure(run: Run) -> Failure | None:
    """Return what stopped a run, or else the first failure of a DocType, or of a feed, in it."""
    failures = [report.failure for report in run.doctypes if report.outcome is not Outcome.DENIED]
    failures += run.blind_spots
    return run.failure or next((failure for failure in failures if failure), None)


def _explain(run: Run, *, is_unwell: bool) -> Failure | None:
    if is_unwell:
        return find_failure(run)
    return next((spot for spot in run.blind_spots if spot.code == FROZEN), None)
