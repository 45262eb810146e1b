"""One run on one instance, from its lease to its record, however it ends."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pymongo.errors import ConnectionFailure

from warehouse.documents.control import Outcome, Run
from warehouse.erpnext.client import ErpClient
from warehouse.errors import LeaseError, WarehouseError
from warehouse.ingestion.active_run import ActiveRun
from warehouse.ingestion.frozen import find_frozen
from warehouse.ingestion.lease import hold_lease, share_lease
from warehouse.ingestion.meeting import follow_feeds_until
from warehouse.ingestion.rota import Rota
from warehouse.ingestion.session import NoProgress, Progress, Session
from warehouse.ingestion.sync import describe_failure
from warehouse.ingestion.task import Selection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx

    from warehouse.erpnext.retrying import Sleep
    from warehouse.ingestion.lease import HeldLease, SharedLease
    from warehouse.settings import ErpInstance, Settings


logger = logging.getLogger(__name__)


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


@asynccontextmanager
async def open_run(
    erp: ErpInstance, kind: str, limits: Limits, surroundings: Surroundings
) -> AsyncIterator[ActiveRun]:
    """Hold the instance's lease, a client and a run record while the block runs.

    An error ends the block and stands in the record, even one that nobody expected; the caller
    reads it there.

    Raises:
        LeaseHeld: if another process works on the instance.
        LeaseLost: if another process took over.
        ConnectionFailure: if MongoDB is gone, so that not even the record can be written.
    """
    async with (
        hold_lease(erp.instance, kind) as lease,
        ErpClient(erp, transport=surroundings.transport, sleep=surroundings.sleep) as client,
    ):
        session = _make_session(erp, client, lease, limits, surroundings)
        run = ActiveRun(session, await _start_record(session, kind))
        try:
            yield run
        except (LeaseError, ConnectionFailure):
            raise
        except Exception as error:  # noqa: BLE001 the wall that keeps one instance's fault to itself
            run.error = error
            if not isinstance(error, WarehouseError):
                said = describe_failure(error).message
                logger.error("%s: the run failed: %s", erp.instance, said)  # noqa: TRY400 no names
        except BaseException:
            await _finish_record(run, Outcome.INTERRUPTED)
            raise
        if run.catalog:
            session.blind_spots += await find_frozen(session, run.catalog)
        await _finish_record(run, run.outcome())
        if run.has_followed_feeds and run.feeds.until:
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


@asynccontextmanager
async def open_look(
    erp: ErpInstance, limits: Limits, surroundings: Surroundings
) -> AsyncIterator[ActiveRun]:
    """Share the instance's lease while the block only looks: nothing is written, not even a record.

    Raises:
        LeaseHeld: if another process works on the instance.
        LeaseLost: if one began to while the block was looking.
        WarehouseError: whatever ended the block.
    """
    async with (
        share_lease(erp.instance) as lease,
        ErpClient(erp, transport=surroundings.transport, sleep=surroundings.sleep) as client,
    ):
        session = _make_session(erp, client, lease, limits, surroundings)
        session.only_looks = True
        yield ActiveRun(session, _make_record(session, "look"))


def _make_session(
    erp: ErpInstance,
    client: ErpClient,
    lease: HeldLease | SharedLease,
    limits: Limits,
    surroundings: Surroundings,
) -> Session:
    return Session(
        erp=erp,
        client=client,
        lease=lease,
        clock=surroundings.clock,
        progress=surroundings.progress,
        inventory_rows=limits.inventory_rows,
        rota=Rota(limits.reread_days, erp.page_rows),
        tombstone_life=timedelta(days=limits.tombstone_days),
    )


def _make_record(session: Session, kind: str) -> Run:
    return Run(
        id=session.run_id,
        instance=session.instance,
        token=session.lease.token,
        kind=kind,
        started_at=session.clock(),
    )


async def _start_record(session: Session, kind: str) -> Run:
    record = _make_record(session, kind)
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
    record.blind_spots = run.session.blind_spots
    await Run.get_pymongo_collection().update_one(
        {"_id": record.id, "outcome": Outcome.RUNNING},
        {"$set": record.model_dump(exclude={"id", "revision_id"})},
    )
