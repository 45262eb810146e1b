"""Bring one DocType up to date in two steps, survey and pull, and report what that took.

The survey asks little and tells whether there is anything to do; the pull does it. No failure
leaves this room but those that concern the whole instance: a refused key, a lost lease, a MongoDB
that is gone.
"""

from __future__ import annotations

import logging
import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pymongo.errors import ConnectionFailure

from warehouse.documents.control import DocTypeReport, Failure, Outcome
from warehouse.errors import (
    ErpInMaintenance,
    ErpRejected,
    ErpThrottled,
    ErpUnauthorized,
    LeaseError,
    WarehouseError,
)
from warehouse.ingestion.single import SingleWork
from warehouse.ingestion.state import write_state
from warehouse.ingestion.table import TableWork

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warehouse.ingestion.task import Task

logger = logging.getLogger(__name__)

FATAL = (ErpUnauthorized, LeaseError, ConnectionFailure)


class DocTypeSync:
    """The sync of one DocType in one run; `error` is what ended it early, if anything did."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.error: Exception | None = None
        self._work = SingleWork(task) if task.entry.is_single else TableWork(task)
        self._is_surveyed = False

    @property
    def doctype(self) -> str:
        """The DocType's name."""
        return self.task.doctype

    @property
    def is_quiet(self) -> bool:
        """Whether the survey found nothing to pull and nothing to tell an operator."""
        return self._outcome() is Outcome.DENIED if self.error else not self._work.differs

    @property
    def renamed(self) -> int:
        """How many documents the survey found under another name."""
        return len(self._work.departures.renamed)

    def describe_work(self) -> str:
        """Return what the survey found to do, so that the same work reads the same.

        A survey that failed has found out nothing, which is no work that was done before.
        """
        return self.task.session.run_id if self.error else self._work.describe()

    async def survey(self) -> None:
        """Find out what there is to do.

        Raises:
            ErpUnauthorized, LeaseError, ConnectionFailure: the instance can't go on.
        """
        with self._walled():
            await self._work.survey()
        self._is_surveyed = True

    async def run(self) -> DocTypeReport:
        """Do it, and write the DocType's state.

        Raises:
            ErpUnauthorized, LeaseError, ConnectionFailure: the instance can't go on.
        """
        if not self._is_surveyed:
            await self.survey()
        changes: dict[str, Any] = {}
        if not self.error:
            with self._walled():
                changes = await self._work.pull()
        self._complete_report()
        await self._write_state(changes)
        self.task.session.progress.doctype_finished(self.task.session.instance, self.task.report)
        return self.task.report

    def pass_over(self) -> DocTypeReport:
        """Report what was surveyed and is not to be done, since an earlier attempt has done it.

        What that kept aside is rejected still.
        """
        report = self.task.report
        report.rejected = len(self.task.rejected)
        report.seen = max(report.seen, report.rejected)
        self._complete_report()
        return report

    @contextmanager
    def _walled(self) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        except FATAL:
            raise
        except Exception as error:  # noqa: BLE001 the wall that keeps one DocType's fault to itself
            self.error = error
        finally:
            self.task.report.seconds += time.monotonic() - started

    def _complete_report(self) -> None:
        report, usage = self.task.report, self.task.client.usage
        settled = report.new + report.changed + report.rejected + report.vanished
        self._suspect()
        report.unchanged = 0 if self.error else report.seen - settled
        report.requests, report.retries = usage.requests, usage.retries
        report.received_bytes = usage.received_bytes
        report.seconds = round(report.seconds, 3)
        report.outcome = self._outcome()
        report.failure = describe_failure(self.error) if self.error else report.failure
        if report.outcome is Outcome.FAILED and report.failure:
            instance = self.task.session.instance
            logger.error("%s: %s failed: %s", instance, self.doctype, report.failure.message)

    def _suspect(self) -> None:
        """Say that documents left in a way that is not believed, and how to make it so."""
        kept = self._work.departures.kept
        if kept and not self.error:
            instance = self.task.session.instance
            self.task.report.failure = Failure(
                code="suspect_deletes",
                message=(
                    f"{kept} stored documents are not listed any more, too many without a trace or "
                    "hidden from the key; nothing was removed."
                ),
                cure=(
                    "Check the key's roles and User Permissions with csa check. If they are really "
                    f"gone: csa reconcile {instance} --doctype '{self.doctype}' --accept-deletes."
                ),
            )

    def _outcome(self) -> Outcome:
        if self.error is None:
            return Outcome.SUSPECT if self._work.departures.kept else Outcome.COMPLETED
        if isinstance(self.error, ErpThrottled | ErpInMaintenance):
            return Outcome.DEFERRED
        if isinstance(self.error, ErpRejected) and self.error.is_forbidden:
            return Outcome.DENIED
        return Outcome.FAILED

    async def _write_state(self, changes: dict[str, Any]) -> None:
        task, report = self.task, self.task.report
        left = report.deleted + report.renamed
        if self.error is None:
            changes = changes | {"documents": self._work.stored + report.new - left}
        if report.outcome is Outcome.DENIED and not (task.state and task.state.frozen_at):
            changes = changes | {"frozen_at": task.session.clock()}
        await write_state(
            task.session,
            self.doctype,
            changes
            | {
                "outcome": report.outcome,
                "failure": report.failure.model_dump() if report.failure else None,
                "attempted_at": task.session.clock(),
            },
        )


def describe_failure(error: Exception) -> Failure:
    """Return what a report says of `error`; of an unexpected one its type and place only.

    The text of a foreign exception may hold names of people, so it is not repeated.
    """
    if isinstance(error, WarehouseError):
        return Failure(code=error.code, message=error.message, cure=error.cure)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return Failure(
        code="unexpected_error",
        message=f"Unexpected {type(error).__name__}{place}.",
        cure="This is a fault of the warehouse: report it with this line.",
    )
