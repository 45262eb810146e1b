"""One run on one instance: its lease, its client, its record, and its DocTypes side by side.

A DocType that fails stops no other. What concerns the whole instance (a refused key, a rate limit,
maintenance, an ERP that answers no more) ends the run early; what was not reached is counted.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from pymongo.errors import ConnectionFailure

from warehouse.documents.control import DocTypeReport, Outcome, Run
from warehouse.documents.rejected import read_rejected_names
from warehouse.erpnext.client import ErpClient
from warehouse.errors import (
    ErpInMaintenance,
    ErpThrottled,
    ErpUnavailable,
    LeaseError,
    WarehouseError,
)
from warehouse.ingestion.catalog import read_catalog
from warehouse.ingestion.feeds import Feeds, read_feeds
from warehouse.ingestion.lease import hold_lease
from warehouse.ingestion.links import queue_renames
from warehouse.ingestion.meeting import (
    choose_doctypes,
    follow_feeds_until,
    freeze_unlisted,
    meet,
)
from warehouse.ingestion.rota import Rota
from warehouse.ingestion.session import NoProgress, Progress, Session
from warehouse.ingestion.state import read_states
from warehouse.ingestion.sync import FATAL, DocTypeSync, describe_failure
from warehouse.ingestion.task import Depth, Selection, Task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence

    import httpx

    from warehouse.erpnext.retrying import Sleep
    from warehouse.ingestion.catalog import Catalog
    from warehouse.settings import ErpInstance, Settings

T = TypeVar("T")

# So many DocTypes failing in a row for want of an answer mean that the ERP is down.
GIVE_UP_AFTER = 3


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run takes from outside; tests inject their own."""

    transport: httpx.AsyncBaseTransport | None = None
    sleep: Sleep = asyncio.sleep
    clock: Callable[[], datetime] = utc_now
    progress: Progress = field(default_factory=NoProgress)


@dataclass(frozen=True, slots=True)
class Limits:
    """CSA_INVENTORY_ROWS, CSA_REREAD_DAYS and CSA_TOMBSTONE_DAYS."""

    inventory_rows: int = 20_000
    reread_days: int = 7
    tombstone_days: int = 365

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Return what the settings say."""
        return cls(
            inventory_rows=settings.csa_inventory_rows,
            reread_days=settings.csa_reread_days,
            tombstone_days=settings.csa_tombstone_days,
        )


@dataclass(slots=True)
class ActiveRun:
    """A run in progress: what it works with and what it has done so far."""

    session: Session
    record: Run
    error: Exception | None = None
    catalog: Catalog | None = None
    selection: Selection = field(default_factory=Selection)
    feeds: Feeds = field(default_factory=Feeds)
    _has_synced: bool = False
    _completed: int = 0
    _quiet: set[str] = field(default_factory=set)
    _unanswered: set[str] = field(default_factory=set)

    async def list_syncs(
        self, selection: Selection, *, only_looks: bool = False
    ) -> list[DocTypeSync]:
        """Read the site's facts, its catalog and its feeds; return the DocTypes to sync.

        `only_looks`: they are not to be synced, so nothing is noted for a sync to come.

        Raises:
            ErpError: if the catalog can't be read.
            ConfigurationError: if the selection names a DocType that is not synced.
        """
        session = self.session
        since = await meet(session)
        catalog = await read_catalog(session)
        names = choose_doctypes(session.instance, catalog, selection)
        self.feeds = await read_feeds(session.client, since)
        self.catalog, self.selection = catalog, selection
        if not only_looks:
            await freeze_unlisted(session, catalog)
            await queue_renames(session, catalog.entries.values(), self.feeds)
            self.record.unreached = len(names)
        session.progress.instance_surveyed(session.instance, len(names))
        return await self._make_syncs(names, selection)

    async def list_followups(self) -> list[DocTypeSync]:
        """Return the DocTypes of which this run has found out only later that they changed.

        A rename that no feed told is seen when its DocType is surveyed; what links to it may have
        been synced before.
        """
        if self.error or self.catalog is None:
            return []
        states = await read_states(self.session.instance)
        done = {report.doctype for report in self.record.doctypes if report.failure}
        names = [
            name
            for name, state in sorted(states.items())
            if state.queued and name in self.catalog.entries and name not in done
        ]
        self.record.unreached += len(names)
        return await self._make_syncs(names, replace(self.selection, depth=Depth.QUEUED))

    async def _make_syncs(self, names: list[str], selection: Selection) -> list[DocTypeSync]:
        if self.catalog is None:
            raise RuntimeError("DocTypes are listed before they are synced")
        states = await read_states(self.session.instance)
        rejected = await read_rejected_names(self.session.instance)
        now, rota = self.session.clock(), self.session.rota
        return [
            DocTypeSync(
                Task(
                    session=self.session,
                    catalog=self.catalog,
                    entry=self.catalog.entries[name],
                    state=states.get(name),
                    selection=selection,
                    feeds=self.feeds,
                    rejected=rejected.get(name, frozenset()),
                    is_due=rota.is_due_by(states.get(name), now),
                )
            )
            for name in names
        ]

    async def survey_all(self, syncs: Sequence[DocTypeSync]) -> None:
        """Survey DocTypes side by side, without pulling any."""
        await self._side_by_side(self.survey_one, syncs)

    async def sync_all(self, syncs: Sequence[DocTypeSync]) -> None:
        """Bring DocTypes up to date side by side."""
        await self._side_by_side(self.sync_one, syncs)

    async def survey_one(self, sync: DocTypeSync) -> None:
        """Survey one DocType, unless the instance must stop."""
        with self._stopping():
            await sync.survey()
            self._watch(sync)

    async def sync_one(self, sync: DocTypeSync) -> DocTypeReport | None:
        """Bring one DocType up to date; None when the instance must stop before or meanwhile."""
        if self.error:
            return None
        report, self._has_synced = None, True
        with self._stopping():
            report = await sync.run()
            self._add(report)
            self._watch(sync)
        return report

    async def _side_by_side(
        self,
        step: Callable[[DocTypeSync], Awaitable[object]],
        syncs: Iterable[DocTypeSync],
    ) -> None:
        waiting = iter(syncs)

        async def work() -> None:
            for sync in waiting:
                if not self.error:
                    await step(sync)

        await asyncio.gather(*(work() for _ in range(self.workers)))

    @property
    def workers(self) -> int:
        """How many DocTypes are worked on at once: one more than there may be requests."""
        return self.session.erp.max_concurrency + 1

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        try:
            yield
        except FATAL as error:
            self.error = self.error or error

    def _add(self, report: DocTypeReport) -> None:
        """Count a report; one of a DocType's second sync in this run goes into its first."""
        self.record.totals.add(report)
        self.record.unreached -= 1
        known = {earlier.doctype: earlier for earlier in self.record.doctypes}
        if report.doctype in known:
            first = known[report.doctype]
            first.add(report)
            first.outcome, first.failure = report.outcome, report.failure
        elif report.is_quiet:
            self._quiet.add(report.doctype)
        else:
            self._quiet.discard(report.doctype)
            self.record.doctypes.append(report)
        self.record.quiet = len(self._quiet)
        done = {Outcome.COMPLETED, Outcome.DENIED, Outcome.SUSPECT}
        self._completed += report.outcome in done

    def _watch(self, sync: DocTypeSync) -> None:
        """Stop when the ERP wants no more requests, or answers none."""
        if isinstance(sync.error, ErpUnavailable):
            self._unanswered.add(sync.doctype)
        else:
            self._unanswered.clear()
        if _is_deferral(sync.error) or len(self._unanswered) >= GIVE_UP_AFTER:
            self.error = self.error or sync.error

    @property
    def has_followed_feeds(self) -> bool:
        """Whether every DocType has seen what the feeds say, so that they need not say it again."""
        whole = self._has_synced and not self.selection.doctypes
        return whole and self.outcome() is Outcome.COMPLETED

    def outcome(self) -> Outcome:
        """Return how the run ended, as far as is known now."""
        ends = {report.outcome for report in self.record.doctypes}
        if not self.error and not ends & {Outcome.FAILED, Outcome.DEFERRED, Outcome.SUSPECT}:
            return Outcome.COMPLETED
        if _is_deferral(self.error) and Outcome.FAILED not in ends:
            return Outcome.DEFERRED
        return Outcome.PARTIAL if self._completed else Outcome.FAILED


@asynccontextmanager
async def open_run(
    erp: ErpInstance, kind: str, limits: Limits, surroundings: Surroundings
) -> AsyncIterator[ActiveRun]:
    """Hold the instance's lease, a client and a run record while the block runs.

    An error of the ERP or of ours ends the block and stands in the record; the caller reads it
    there.

    Raises:
        LeaseHeld: if another process works on the instance.
        LeaseLost: if another process took over.
        ConnectionFailure: if MongoDB is gone, so that not even the record can be written.
    """
    async with (
        hold_lease(erp.instance, kind) as lease,
        ErpClient(erp, transport=surroundings.transport, sleep=surroundings.sleep) as client,
    ):
        session = Session(
            erp=erp,
            client=client,
            lease=lease,
            clock=surroundings.clock,
            progress=surroundings.progress,
            inventory_rows=limits.inventory_rows,
            rota=Rota(limits.reread_days, erp.page_rows),
            tombstone_life=timedelta(days=limits.tombstone_days),
        )
        run = ActiveRun(session, await _start_record(session, kind))
        try:
            yield run
        except (LeaseError, ConnectionFailure):
            raise
        except WarehouseError as error:
            run.error = error
        except BaseException:
            await _finish_record(run, Outcome.INTERRUPTED)
            raise
        await _finish_record(run, run.outcome())
        if run.has_followed_feeds:
            await follow_feeds_until(session, run.feeds.until)
        if isinstance(run.error, LeaseError | ConnectionFailure):
            raise run.error


async def ingest_instance(
    erp: ErpInstance,
    limits: Limits | None = None,
    selection: Selection | None = None,
    surroundings: Surroundings | None = None,
    kind: str = "ingest",
) -> Run:
    """Bring an instance's store up to date; return the run's record, however it ended.

    Raises: as `open_run`.
    """
    async with open_run(erp, kind, limits or Limits(), surroundings or Surroundings()) as run:
        await run.sync_all(await run.list_syncs(selection or Selection()))
        await run.sync_all(await run.list_followups())
    return run.record


async def ask_instance(
    erp: ErpInstance, kind: str, limits: Limits, question: Callable[[ActiveRun], Awaitable[T]]
) -> T:
    """Hold the instance's lease while `question` only looks; return its answer.

    Raises:
        WarehouseError: whatever ended the run.
    """
    answers: list[T] = []
    async with open_run(erp, kind, limits, Surroundings()) as run:
        answers.append(await question(run))
    if not answers:
        raise run.error or WarehouseError(f"{erp.instance} could not be asked.")
    return answers[0]


async def _start_record(session: Session, kind: str) -> Run:
    record = Run(
        id=session.run_id,
        instance=session.instance,
        token=session.lease.token,
        kind=kind,
        started_at=session.clock(),
    )
    runs = Run.get_pymongo_collection()
    # Whoever held the lease before and never said how it ended was killed.
    await runs.update_many(
        {"instance": session.instance, "outcome": Outcome.RUNNING, "token": {"$lt": record.token}},
        {"$set": {"outcome": Outcome.INTERRUPTED, "finished_at": record.started_at}},
    )
    await record.insert()
    return record


async def _finish_record(run: ActiveRun, outcome: Outcome) -> None:
    record, usage = run.record, run.session.client.usage
    record.outcome = outcome
    record.finished_at = run.session.clock()
    record.totals.requests = usage.requests
    record.totals.retries = usage.retries
    record.totals.received_bytes = usage.received_bytes
    record.totals.seconds = round((record.finished_at - record.started_at).total_seconds(), 3)
    record.failure = describe_failure(run.error) if run.error else None
    await Run.get_pymongo_collection().update_one(
        {"_id": record.id, "outcome": Outcome.RUNNING},
        {"$set": record.model_dump(exclude={"id", "revision_id"})},
    )


def _is_deferral(error: Exception | None) -> bool:
    return isinstance(error, ErpThrottled | ErpInMaintenance)
