"""Freshness, runs and health, for operators."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, Self

from msgspec import Meta, Struct
from msgspec.structs import asdict

from warehouse.documents.control import Numbers

if TYPE_CHECKING:
    from warehouse.documents import control, status


class Failure(Struct, frozen=True):
    """Why something was not done, and what to do now."""

    code: str
    message: str
    cure: str

    @classmethod
    def of(cls, failure: control.Failure | None) -> Self | None:
        """Return the wire form of a failure, or none."""
        return cls(failure.code, failure.message, failure.cure) if failure else None


class DocTypeFreshness(Struct, frozen=True):
    """One DocType; `lag_s`: seconds since its last complete comparison."""

    doctype: str
    outcome: str
    documents: int
    rejected: int
    verified_at: datetime | None
    attempted_at: datetime | None
    lag_s: float | None
    failure: Failure | None

    @classmethod
    def of(cls, one: status.DocTypeStatus) -> Self:
        """Return the wire form of a DocType's status."""
        return cls(
            doctype=one.doctype,
            outcome=one.outcome.value,
            documents=one.documents,
            rejected=one.rejected,
            verified_at=one.verified_at,
            attempted_at=one.attempted_at,
            lag_s=one.lag_s,
            failure=Failure.of(one.failure),
        )


class InstanceFreshness(Struct, frozen=True):
    """One ERP; the `run_` fields are its last run's, null when there was none."""

    instance: str
    title: str | None
    documents: int
    rejected: int
    run_id: str | None
    run_outcome: str | None
    run_started_at: datetime | None
    run_finished_at: datetime | None
    run_failure: Failure | None
    unreached: Annotated[int, Meta(description="DocTypes that the last run did not get to.")]
    doctypes: list[DocTypeFreshness]

    @classmethod
    def of(cls, one: status.InstanceStatus) -> Self:
        """Return the wire form of an ERP's status."""
        return cls(
            instance=one.instance,
            title=one.title,
            documents=one.documents,
            rejected=one.rejected,
            run_id=one.run_id,
            run_outcome=one.run_outcome.value if one.run_outcome else None,
            run_started_at=one.run_started_at,
            run_finished_at=one.run_finished_at,
            run_failure=Failure.of(one.run_failure),
            unreached=one.unreached,
            doctypes=[DocTypeFreshness.of(doctype) for doctype in one.doctypes],
        )


class FreshnessList(Struct, frozen=True):
    """The freshness of each ERP."""

    items: list[InstanceFreshness]


class RunSummary(Struct, frozen=True):
    """One run on one ERP."""

    id: str
    instance: str
    kind: str
    outcome: str
    started_at: datetime
    finished_at: datetime | None
    totals: Annotated[dict[str, float], Meta(description="What was met and done, by number.")]
    quiet: Annotated[int, Meta(description="DocTypes without work or error.")]
    unreached: Annotated[int, Meta(description="DocTypes that the run did not get to.")]
    failure: Failure | None

    @classmethod
    def of(cls, run: control.Run) -> Self:
        """Return the wire form of a run."""
        return cls(
            id=run.id,
            instance=run.instance,
            kind=run.kind,
            outcome=run.outcome.value,
            started_at=run.started_at,
            finished_at=run.finished_at,
            totals=run.totals.model_dump(),
            quiet=run.quiet,
            unreached=run.unreached,
            failure=Failure.of(run.failure),
        )


class RunList(Struct, frozen=True):
    """Runs, the last one first."""

    items: list[RunSummary]


class DocTypeRun(Struct, frozen=True):
    """What a run did with one DocType."""

    doctype: str
    outcome: str
    numbers: dict[str, float]
    failure: Failure | None

    @classmethod
    def of(cls, report: control.DocTypeReport) -> Self:
        """Return the wire form of a report."""
        return cls(
            doctype=report.doctype,
            outcome=report.outcome.value,
            numbers=report.model_dump(include=set(Numbers.model_fields)),
            failure=Failure.of(report.failure),
        )


class RunDetail(RunSummary, frozen=True):
    """One run, with the DocTypes that had work or an error."""

    doctypes: list[DocTypeRun]

    @classmethod
    def of(cls, run: control.Run) -> Self:
        """Return the wire form of a run with its reports."""
        reports = [DocTypeRun.of(report) for report in run.doctypes]
        return cls(**asdict(RunSummary.of(run)), doctypes=reports)


class Health(Struct, frozen=True):
    """It works."""

    status: Literal["ok"] = "ok"
