"""The progress of an ingestion: bars on a terminal, log lines elsewhere."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from cli.terminal import err

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from warehouse.documents.control import DocTypeReport

logger = logging.getLogger(__name__)


class ProgressBars:
    """One bar per instance: DocTypes done, documents stored, the DocType at hand."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("DocTypes, {task.fields[documents]:,} documents  {task.fields[doctype]}"),
            TimeElapsedColumn(),
            console=err,
        )
        self._bars: dict[str, TaskID] = {}
        self._documents: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def instance_surveyed(self, instance: str, doctypes: int) -> None:
        """Add the instance's bar."""
        self._documents[instance] = 0
        self._bars[instance] = self._progress.add_task(
            instance, total=doctypes, documents=0, doctype=""
        )

    def documents_stored(self, instance: str, doctype: str, documents: int) -> None:
        """Count documents."""
        self._documents[instance] += documents
        self._progress.update(
            self._bars[instance], documents=self._documents[instance], doctype=doctype
        )

    def doctype_finished(self, instance: str, report: DocTypeReport) -> None:
        """Advance the bar."""
        self._progress.update(self._bars[instance], advance=1, doctype=report.doctype)


class ProgressLog:
    """A line per DocType with work or a problem."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def instance_surveyed(self, instance: str, doctypes: int) -> None:
        """Say how much there is to do."""
        logger.info("%s: %d DocTypes to sync", instance, doctypes)

    def documents_stored(self, instance: str, doctype: str, documents: int) -> None:
        """Say nothing of a page."""

    def doctype_finished(self, instance: str, report: DocTypeReport) -> None:
        """Say what was done, unless nothing was."""
        if not report.is_quiet:
            logger.info(
                "%s: %s %s: %d new, %d changed, %d unchanged, %d rejected in %.1f s",
                instance,
                report.doctype,
                report.outcome.value,
                report.new,
                report.changed,
                report.unchanged,
                report.rejected,
                report.seconds,
            )


def watch() -> ProgressBars | ProgressLog:
    """Return bars on a terminal, log lines elsewhere."""
    return ProgressBars() if err.is_terminal else ProgressLog()
