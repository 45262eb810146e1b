"""What an operator reads of a run: the state's message, a summary and a table of DocTypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.states import Completed, Failed

from warehouse.documents.control import Outcome

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

    from warehouse.documents.control import DocTypeReport, Run

NAMED = 10
UNWELL = frozenset({Outcome.FAILED, Outcome.DEFERRED, Outcome.SUSPECT})


def conclude(record: Run) -> State[Any]:
    """Return the explicit final state of a run, with its numbers or failures in the message."""
    if record.outcome is Outcome.COMPLETED:
        return Completed(message=describe_totals(record))
    if record.outcome is Outcome.DEFERRED:
        why = record.failure.message if record.failure else ""
        return Completed(name="Deferred", message=f"{describe_totals(record)} {why}")
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
        return f"{record.instance}: {record.failure.message} {record.failure.cure}{reached}"
    failed = [report for report in record.doctypes if report.outcome in UNWELL]
    names = ", ".join(report.doctype for report in failed[:NAMED])
    more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    first = failed[0].failure if failed else None
    said = f" {first.message} {first.cure}" if first else ""
    return f"{record.instance}: {len(failed)} DocTypes failed or suspect: {names}{more}.{said}"


def describe_report(report: DocTypeReport) -> str:
    """Return what was done with one DocType, in a line."""
    return (
        f"{report.new:,} new, {report.changed:,} changed, {report.unchanged:,} unchanged, "
        f"{report.deleted:,} deleted, {report.renamed:,} renamed, "
        f"{report.rejected:,} rejected; {report.requests} requests in {report.seconds:.1f} s"
    )


async def publish(record: Run) -> None:
    """Put the run's summary and its DocTypes on the run page."""
    key = f"ingest-{record.instance.replace('_', '-')}"
    await acreate_markdown_artifact(
        _markdown(record), key=f"{key}-summary", description=f"{record.instance} {record.outcome}"
    )
    rows = [_row(report) for report in record.doctypes]
    if rows:
        await acreate_table_artifact(
            rows, key=f"{key}-doctypes", description="DocTypes with work or an error"
        )


def _markdown(record: Run) -> str:
    lines = [f"# {record.instance}: {record.outcome.value}", "", describe_totals(record), ""]
    if record.failure:
        lines += [f"**Stopped.** {record.failure.message} {record.failure.cure}", ""]
    if record.unreached:
        lines += [f"{record.unreached} DocTypes were not reached; the next run does them.", ""]
    denied = [r.doctype for r in record.doctypes if r.outcome is Outcome.DENIED]
    if denied:
        lines += [f"Denied to the key, which is no failure: {', '.join(sorted(denied))}.", ""]
    failed = [r for r in record.doctypes if r.outcome in UNWELL]
    if failed:
        lines += ["| DocType | cause | what to do |", "| --- | --- | --- |"]
        lines += [
            f"| {_cell(r.doctype)} | {_cell(r.failure.message)} | {_cell(r.failure.cure)} |"
            for r in failed
            if r.failure
        ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _row(report: DocTypeReport) -> dict[str, Any]:
    numbers = (
        *("seen", "new", "changed", "unchanged", "deleted", "renamed", "absent", "vanished"),
        *("rejected", "requests"),
    )
    return (
        {"DocType": report.doctype, "outcome": report.outcome.value}
        | {name: getattr(report, name) for name in numbers}
        | {
            "seconds": round(report.seconds, 1),
            "failure": report.failure.message if report.failure else "",
        }
    )
