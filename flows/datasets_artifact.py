"""What an operator reads of a transform: a table of datasets, their row counts and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.artifacts import acreate_table_artifact

from flows.runbooks import page_for, publish_pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.transform.run import DatasetReport


def describe(report: DatasetReport) -> str:
    """Return what was done with one dataset, in a line."""
    built = len(report.built) - len(report.failed)
    return (
        f"{built:,} partitions built, {report.current:,} up to date, {len(report.failed):,} "
        f"failed; {report.rows:,} rows live in {report.seconds:.1f} s"
    )


async def publish(reports: Sequence[DatasetReport]) -> None:
    """Put the datasets on the run page, and the runbooks of those that failed."""
    failures = [build.failure for report in reports for build in report.failed if build.failure]
    await publish_pages(page_for(failure.code) for failure in failures)
    if reports:
        await acreate_table_artifact(
            [_row(report) for report in reports],
            key="transform-datasets",
            description="Datasets with their row counts and checks",
        )


def _row(report: DatasetReport) -> dict[str, Any]:
    live = report.pointer.live
    warnings = sorted({code for one in live for code in one.warnings})
    failures = [one.failure.message for one in report.failed if one.failure]
    return {
        "dataset": report.dataset.slug,
        "rows": report.rows,
        "rejected": sum(one.rejected for one in live),
        "partitions": len(live),
        "built": len(report.built) - len(report.failed),
        "failed": len(report.failed),
        "checks": ", ".join(warnings) or "passed",
        "partial": ", ".join(sorted({gap.doctype for one in live for gap in one.gaps})),
        "seconds": round(report.seconds, 1),
        "failure": failures[0] if failures else "",
    }
