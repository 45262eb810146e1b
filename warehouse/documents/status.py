"""What is stored of each instance, how fresh it is, and what went wrong: for people to read."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from warehouse.documents.access import AccessPointer
from warehouse.documents.control import Failure, Instance, Outcome, Run, SyncState
from warehouse.documents.drift import Drift, read_drift
from warehouse.documents.rejected import read_rejected_names

if TYPE_CHECKING:
    from collections.abc import Iterable

DRIFT_SHOWN = 20


class DocTypeStatus(BaseModel):
    """One DocType of one instance; `lag_s`: seconds since its last complete inventory."""

    doctype: str
    outcome: Outcome
    documents: int
    rejected: int = 0
    queued: int = 0
    verified_at: datetime | None = None
    reread_at: datetime | None = None
    frozen_at: datetime | None = None
    attempted_at: datetime | None = None
    lag_s: float | None = None
    failure: Failure | None = None

    @property
    def is_worth_a_line(self) -> bool:
        """Whether it has documents or a problem; an empty DocType that is well has neither."""
        return bool(self.documents or self.rejected or self.outcome is not Outcome.COMPLETED)


class DriftStatus(BaseModel):
    """A change of an instance's shape."""

    at: datetime
    drift: Drift
    doctype: str | None = None
    field: str | None = None
    before: str | None = None
    after: str | None = None
    meta_version: int = 0


class InstanceStatus(BaseModel):
    """One instance; `run_outcome`, the other `run_` fields and `blind_spots` are its last run's.

    `access_read_at`: when the access rules in force were last read; `access_failure`: why the last
    attempt to read them was of no use.
    """

    instance: str
    title: str | None = None
    time_zone: str | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    documents: int = 0
    rejected: int = 0
    run_id: str | None = None
    run_outcome: Outcome | None = None
    run_started_at: datetime | None = None
    run_finished_at: datetime | None = None
    run_failure: Failure | None = None
    unreached: int = 0
    blind_spots: list[Failure] = Field(default_factory=list)
    access_read_at: datetime | None = None
    access_failure: Failure | None = None
    drift: list[DriftStatus] = Field(default_factory=list)
    doctypes: list[DocTypeStatus] = Field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        """Return the number of DocTypes whose last sync ended so."""
        return sum(doctype.outcome is outcome for doctype in self.doctypes)


async def read_status(instances: Iterable[str], now: datetime) -> list[InstanceStatus]:
    """Return the status of `instances` as of `now`."""
    return [await _read_instance(instance, now) for instance in instances]


async def _read_instance(instance: str, now: datetime) -> InstanceStatus:
    known = await Instance.get(instance)
    run = await Run.find(Run.instance == instance).sort("-token").first_or_none()
    rejected = Counter(
        {doctype: len(names) for doctype, names in (await read_rejected_names(instance)).items()}
    )
    states = await SyncState.find(SyncState.instance == instance).sort("doctype").to_list()
    doctypes = [_describe(state, rejected[state.doctype], now) for state in states]
    status = InstanceStatus(
        instance=instance,
        documents=sum(doctype.documents for doctype in doctypes),
        rejected=rejected.total(),
        drift=[
            DriftStatus.model_validate(event.model_dump())
            for event in await read_drift(instance, DRIFT_SHOWN)
        ],
        doctypes=doctypes,
    )
    if known:
        status.title, status.time_zone = known.title, known.time_zone
        status.versions = known.versions
    if run:
        status.run_id, status.run_outcome, status.run_failure = run.id, run.outcome, run.failure
        status.run_started_at, status.run_finished_at = run.started_at, run.finished_at
        status.unreached, status.blind_spots = run.unreached, run.blind_spots
    if rules := await AccessPointer.get(instance):
        status.access_read_at, status.access_failure = rules.read_at, rules.failure
    return status


def _describe(state: SyncState, rejected: int, now: datetime) -> DocTypeStatus:
    lag = (now - state.verified_at).total_seconds() if state.verified_at else None
    return DocTypeStatus(
        doctype=state.doctype,
        outcome=state.outcome,
        documents=state.documents,
        rejected=rejected,
        queued=len(state.queued),
        verified_at=state.verified_at,
        reread_at=state.reread_at,
        frozen_at=state.frozen_at,
        attempted_at=state.attempted_at,
        lag_s=round(lag, 1) if lag is not None else None,
        failure=state.failure,
    )
