"""What an operator reads of a run first: the message of its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.states import Completed, Failed

from flows.runbooks import page_for
from warehouse.documents.control import Outcome

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

    from warehouse.documents.control import DocTypeReport, Failure, Run

NAMED = 10
UNWELL = frozenset({Outcome.FAILED, Outcome.DEFERRED, Outcome.SUSPECT})
DEFERRED = "Deferred"


def conclude(record: Run) -> State[Any]:
    """Return the explicit final state of a run, with its numbers or failures in the message."""
    if record.outcome is Outcome.COMPLETED:
        return Completed(message=describe_totals(record) + describe_blind_spots(record))
    if record.outcome is Outcome.DEFERRED:
        why = f" {record.failure.message}" if record.failure else ""
        rest = f" {record.unreached} DocTypes wait for the next run." if record.unreached else ""
        return Completed(name=DEFERRED, message=f"{describe_totals(record)}{why}{rest}")
    return Failed(message=describe_failures(record))


def describe_totals(record: Run) -> str:
    """Return what a run did, in a sentence."""
    totals = record.totals
    synced = record.quiet + len(record.doctypes)
    return (
        f"{record.instance}: {totals.new:,} new, {totals.changed:,} changed, "
        f"{totals.unchanged:,} unchanged, {totals.deleted:,} deleted, {totals.renamed:,} renamed, "
        f"{totals.rejected:,} rejected in {synced} DocTypes, "
        f"{record.quiet} of them quiet."
    )


def describe_failures(record: Run) -> str:
    """Return what failed in a run and what to do, naming the DocTypes."""
    if record.failure:
        reached = f" {record.unreached} DocTypes were not reached." if record.unreached else ""
        return f"{record.instance}: {describe_failure(record.failure)}{reached}"
    failed = [report for report in record.doctypes if report.outcome in UNWELL]
    unseen = describe_blind_spots(record)
    if not failed:
        return f"{record.instance}:{unseen}"
    names = ", ".join(report.doctype for report in failed[:NAMED])
    more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    first = failed[0].failure
    said = f" {describe_failure(first)}" if first else ""
    return (
        f"{record.instance}: {len(failed)} DocTypes failed or suspect: {names}{more}.{said}{unseen}"
    )


def describe_blind_spots(record: Run) -> str:
    """Return what a run could not see, as sentences to go on with; nothing where it saw all."""
    return "".join(f" {describe_failure(spot)}" for spot in record.blind_spots)


def describe_failure(failure: Failure) -> str:
    """Return cause, cure and runbook of a failure, in a line."""
    parts = (failure.message, failure.cure, f"Runbook: {page_for(failure.code)}.")
    return " ".join(part for part in parts if part)


def describe_report(report: DocTypeReport) -> str:
    """Return what was done with one DocType, in a line."""
    return (
        f"{report.new:,} new, {report.changed:,} changed, {report.unchanged:,} unchanged, "
        f"{report.deleted:,} deleted, {report.renamed:,} renamed, "
        f"{report.rejected:,} rejected; {report.requests} requests in {report.seconds:.1f} s"
    )
