"""One run on one instance: its lease, its client, its record, and its DocTypes side by side.

A DocType that fails stops no other. What concerns the whole instance (a refused key, a rate limit,
maintenance, an ERP that answers no more) ends the run early; what was not reached is counted.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pymongo.errors import ConnectionFailure

from warehouse.documents.control import DocTypeReport, Instance, Outcome, Run
from warehouse.documents.rejected import read_rejected_names
from warehouse.erpnext.client import ErpClient
from warehouse.errors import (
    ConfigurationError,
    ErpInMaintenance,
    ErpThrottled,
    ErpUnauthorized,
    ErpUnavailable,
    LeaseError,
    WarehouseError,
)
from warehouse.ingestion.catalog import read_catalog
from warehouse.ingestion.lease import hold_lease
from warehouse.ingestion.session import NoProgress, Progress, Session
from warehouse.ingestion.state import read_states
from warehouse.ingestion.sync import DocTypeSync, describe_failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    import httpx

    from warehouse.erpnext.retrying import Sleep
    from warehouse.settings import ErpInstance

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
class Selection:
    """What to sync: these DocTypes (all when empty), every document of them when `full`."""

    doctypes: frozenset[str] = frozenset()
    full: bool = False


@dataclass(slots=True)
class ActiveRun:
    """A run in progress: what it works with and what it has done so far."""

    session: Session
    record: Run
    error: Exception | None = None
    _completed: int = 0
    _unanswered: int = 0

    async def survey(self, selection: Selection) -> list[DocTypeSync]:
        """Read the site's facts and its catalog; return the DocTypes to sync.

        Raises:
            ErpError: if the catalog can't be read.
            ConfigurationError: if the selection names a DocType that is not synced.
        """
        await self._meet()
        catalog = await read_catalog(self.session)
        missing = sorted(selection.doctypes - catalog.entries.keys())
        if missing:
            raise ConfigurationError(
                f"{self.session.instance} has no DocType {', '.join(missing)} that is synced.",
                cure="Check the spelling; child, virtual and excluded DocTypes are not synced.",
            )
        states = await read_states(self.session.instance)
        rejected = await read_rejected_names(self.session.instance)
        names = sorted(selection.doctypes or catalog.entries)
        self.record.unreached = len(names)
        self.session.progress.instance_surveyed(self.session.instance, len(names))
        return [
            DocTypeSync(
                session=self.session,
                catalog=catalog,
                entry=catalog.entries[name],
                state=states.get(name),
                rejected=rejected.get(name, frozenset()),
                full=selection.full,
            )
            for name in names
        ]

    async def sync(self, syncs: Iterable[DocTypeSync]) -> None:
        """Sync DocTypes side by side until they are done or the instance must stop."""
        waiting = iter(syncs)
        workers = self.session.erp.max_concurrency + 1
        await asyncio.gather(*(self._work(waiting) for _ in range(workers)))

    async def _meet(self) -> None:
        client, erp = self.session.client, self.session.erp
        self.session.time_zone = await client.read_time_zone()
        await Instance(
            id=erp.instance,
            title=erp.title,
            time_zone=self.session.time_zone,
            versions=await client.read_versions(),
            erp_user=await client.read_logged_user(),
            seen_at=self.session.clock(),
        ).save()

    async def _work(self, waiting: Iterator[DocTypeSync]) -> None:
        for sync in waiting:
            if self.error:
                return
            try:
                report = await sync.run()
            except (ErpUnauthorized, LeaseError, ConnectionFailure) as error:
                self.error = self.error or error
            else:
                self._add(report, sync.error)

    def _add(self, report: DocTypeReport, error: Exception | None) -> None:
        self.record.totals.add(report)
        self.record.unreached -= 1
        if report.is_quiet:
            self.record.quiet += 1
        else:
            self.record.doctypes.append(report)
        self._completed += report.outcome in {Outcome.COMPLETED, Outcome.DENIED}
        self._unanswered = self._unanswered + 1 if isinstance(error, ErpUnavailable) else 0
        if _is_deferral(error) or self._unanswered >= GIVE_UP_AFTER:
            self.error = self.error or error

    def outcome(self) -> Outcome:
        """Return how the run ended, as far as is known now."""
        ends = {report.outcome for report in self.record.doctypes}
        if not self.error and not ends & {Outcome.FAILED, Outcome.DEFERRED}:
            return Outcome.COMPLETED
        if _is_deferral(self.error) and Outcome.FAILED not in ends:
            return Outcome.DEFERRED
        return Outcome.PARTIAL if self._completed else Outcome.FAILED


@asynccontextmanager
async def open_run(
    erp: ErpInstance, kind: str, inventory_rows: int, surroundings: Surroundings
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
            inventory_rows=inventory_rows,
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
        if isinstance(run.error, LeaseError | ConnectionFailure):
            raise run.error


async def ingest_instance(
    erp: ErpInstance,
    inventory_rows: int,
    selection: Selection | None = None,
    surroundings: Surroundings | None = None,
) -> Run:
    """Bring an instance's store up to date; return the run's record, however it ended.

    Raises: as `open_run`.
    """
    async with open_run(erp, "ingest", inventory_rows, surroundings or Surroundings()) as run:
        await run.sync(await run.survey(selection or Selection()))
    return run.record


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
