"""What an operator finds on a run page: a summary, a table of DocTypes, the runbooks to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from flows.runbooks import page_for, publish_pages
from flows.summary import UNWELL, describe_totals
from warehouse.documents.control import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from warehouse.documents.control import DocTypeReport, Failure, Run

DENIED, REJECTED = "doctype-denied", "rejected-documents"
NUMBERS = (
    *("seen", "new", "changed", "unchanged", "deleted", "renamed", "absent", "vanished"),
    *("rejected", "requests"),
)


def key_of(kind: str, instance: str) -> str:
    """Return how the artifacts of a kind of run on an instance begin."""
    return f"{kind}-{instance.replace('_', '-')}"


async def publish_run(record: Run, done_before: Sequence[str] = ()) -> None:
    """Put a run's summary, its DocTypes with work or an error, and the runbooks on its page.

    `done_before`: DocTypes whose work an earlier attempt of the run has done.
    """
    key = key_of(record.kind, record.instance)
    links = await publish_pages(list_pages(record))
    await acreate_markdown_artifact(
        describe_run(record, links, done_before),
        key=f"{key}-summary",
        description=f"{record.instance} {record.outcome}",
    )
    rows = [_row(report) for report in record.doctypes]
    if rows:
        await acreate_table_artifact(
            rows, key=f"{key}-doctypes", description="DocTypes with work or an error"
        )


async def publish_failure(kind: str, instance: str, failure: Failure) -> None:
    """Put what kept a run from starting, or took its store away, on its page."""
    links = await publish_pages([page_for(failure.code)])
    await acreate_markdown_artifact(
        f"# {instance}: failed\n\n{_stopped(failure, links)}",
        key=f"{key_of(kind, instance)}-summary",
        description=f"{instance} failed",
    )


def describe_run(record: Run, links: Mapping[str, str], done_before: Sequence[str] = ()) -> str:
    """Return a run in Markdown: numbers, then each failure with its cause, cure and runbook.

    `links`: page → link to it, of every page that `list_pages` names.
    """
    lines = [f"# {record.instance}: {record.outcome.value}", "", describe_totals(record), ""]
    if record.failure:
        lines += [_stopped(record.failure, links), ""]
    if record.unreached:
        lines += [f"{record.unreached} DocTypes were not reached; the next run does them.", ""]
    if done_before:
        lines += [f"Done by an earlier attempt: {', '.join(sorted(done_before))}.", ""]
    if record.totals.rejected:
        lines += [f"Rejected documents are kept aside. Runbook: {links[REJECTED]}.", ""]
    denied = _names(record, frozenset({Outcome.DENIED}))
    if denied:
        said = f"Denied to the key, which is no failure: {', '.join(denied)}."
        lines += [f"{said} Runbook: {links[DENIED]}.", ""]
    for spot in record.blind_spots:
        page = links[page_for(spot.code)]
        lines += [f"**Not seen.** {spot.message} {spot.cure} Runbook: {page}.", ""]
    failed = [(report.doctype, report.failure) for report in record.doctypes if _is_unwell(report)]
    if failed:
        lines += ["| DocType | runbook | cause | what to do |", "| --- | --- | --- | --- |"]
        lines += [_failure_row(name, failure, links) for name, failure in failed if failure]
    return "\n".join(lines)


def list_pages(record: Run) -> set[str]:
    """Return the runbook pages that a run calls for."""
    failures = [record.failure, *(r.failure for r in record.doctypes if r.outcome in UNWELL)]
    failures += record.blind_spots
    pages = {page_for(failure.code) for failure in failures if failure}
    pages |= {DENIED} if _names(record, frozenset({Outcome.DENIED})) else set()
    return pages | ({REJECTED} if record.totals.rejected else set())


def table_cell(text: str) -> str:
    """Return `text` as it may stand in a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def _is_unwell(report: DocTypeReport) -> bool:
    return report.outcome in UNWELL


def _stopped(failure: Failure, links: Mapping[str, str]) -> str:
    page = links[page_for(failure.code)]
    return f"**Stopped.** {failure.message} {failure.cure} Runbook: {page}."


def _names(record: Run, outcomes: frozenset[Outcome]) -> list[str]:
    return sorted(report.doctype for report in record.doctypes if report.outcome in outcomes)


def _failure_row(doctype: str, failure: Failure, links: Mapping[str, str]) -> str:
    name, cause, cure = (table_cell(text) for text in (doctype, failure.message, failure.cure))
    return f"| {name} | {links[page_for(failure.code)]} | {cause} | {cure} |"


def _row(report: DocTypeReport) -> dict[str, Any]:
    return (
        {"DocType": report.doctype, "outcome": report.outcome.value}
        | {name: getattr(report, name) for name in NUMBERS}
        | {
            "seconds": round(report.seconds, 1),
            "failure": report.failure.message if report.failure else "",
        }
    )
