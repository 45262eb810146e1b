"""How an instance stands: whether its last runs went well, and how old its store is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from warehouse.documents.control import Failure, Lease, Outcome, Run

# The code of the blind spot of a run that met DocTypes out of sight whose documents are stored.
FROZEN = "documents_frozen"
WELL = frozenset({Outcome.COMPLETED, Outcome.DEFERRED})
# A lease's times are MongoDB's, and our clock may be off.
DOUBT = timedelta(minutes=5)
SILENT = Failure(
    code="run_interrupted",
    message="The last run ended without a word: killed, out of memory, or out of time.",
    cure="Look into the log of its worker and the memory of its machine, then retry it.",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """`whole_at`: when a run last brought the whole store up to date; `met_at`: the first run.

    A run that was completed while documents stand still, out of sight, did not. `ended_at`: the end
    of the last run; `failure`: why it did not go well, or what stands still; `unwell_runs`: how
    many in a row did not go well, 0 to 2.
    """

    instance: str
    met_at: datetime | None
    whole_at: datetime | None
    ended_at: datetime | None
    unwell_runs: int
    failure: Failure | None


async def read_standing(instance: str) -> Standing:
    """Return how an instance stands, by its runs that have ended, however they did.

    One that was killed never said so: it is at work only if it has the lease.
    """
    lease = await Lease.get(instance)
    ended = {"instance": instance, "token": {"$ne": _find_token_at_work(lease)}}
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
        ended_at=_find_end(last[0], lease) if last else None,
        failure=_explain(last[0], is_unwell=bool(unwell)) if last else None,
    )


def find_failure(run: Run) -> Failure | None:
    """Return what stopped a run, or else the first failure of a DocType, or of a feed, in it."""
    failures = [report.failure for report in run.doctypes if report.outcome is not Outcome.DENIED]
    failures += run.blind_spots if run.outcome is Outcome.PARTIAL else []
    return run.failure or next((failure for failure in failures if failure), None)


def _explain(run: Run, *, is_unwell: bool) -> Failure | None:
    if is_unwell:
        return find_failure(run) or SILENT
    return next((spot for spot in run.blind_spots if spot.code == FROZEN), None)


def _find_token_at_work(lease: Lease | None) -> int | None:
    is_held = lease is not None and lease.expires_at > datetime.now(UTC) - DOUBT
    return lease.token if lease and is_held else None


def _find_end(run: Run, lease: Lease | None) -> datetime:
    """Return when a run ended: as it said, or else when its lease did."""
    of_lease = lease.expires_at if lease and lease.token == run.token else run.started_at
    return run.finished_at or max(run.started_at, of_lease)
