"""Bring one DocType of one instance up to date, and report what that took.

No failure leaves this room but those that concern the whole instance: a refused key, a lost lease,
a MongoDB that is gone.
"""

from __future__ import annotations

import logging
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pymongo.errors import ConnectionFailure

from warehouse.documents.control import DocTypeReport, Failure, Outcome
from warehouse.documents.rejected import clear_rejected
from warehouse.erpnext.paging import Position, latest_past
from warehouse.errors import (
    ErpInMaintenance,
    ErpRejected,
    ErpThrottled,
    ErpUnauthorized,
    LeaseError,
    WarehouseError,
)
from warehouse.ingestion.assembly import assemble
from warehouse.ingestion.catalog import read_shape
from warehouse.ingestion.inventory import find_differences, take_inventory
from warehouse.ingestion.pull import Puller
from warehouse.ingestion.state import write_state
from warehouse.ingestion.storing import store_documents

if TYPE_CHECKING:
    from datetime import datetime

    from warehouse.documents.control import CatalogEntry, SyncState
    from warehouse.erpnext.client import ErpClient
    from warehouse.ingestion.catalog import Catalog
    from warehouse.ingestion.inventory import Inventory
    from warehouse.ingestion.session import Session

logger = logging.getLogger(__name__)

FORBIDDEN = 403


@dataclass(slots=True)
class DocTypeSync:
    """The sync of one DocType in one run.

    `rejected`: names kept aside by earlier runs, which are tried again. `full` pulls every
    document, changed or not. `error`: what ended it early, if anything did.
    """

    session: Session
    catalog: Catalog
    entry: CatalogEntry
    state: SyncState | None
    rejected: frozenset[str] = frozenset()
    full: bool = False
    error: Exception | None = None

    async def run(self) -> DocTypeReport:
        """Sync the DocType and write its state.

        Raises:
            ErpUnauthorized, LeaseError, ConnectionFailure: the instance can't go on.
        """
        report = DocTypeReport(doctype=self.entry.doctype)
        client = self.session.client.part()
        started = time.monotonic()
        try:
            changes = await self._sync(client, report)
        except (ErpUnauthorized, LeaseError, ConnectionFailure):
            raise
        except Exception as error:  # noqa: BLE001 the wall that keeps one DocType's fault to itself
            self.error = error
            changes = _fail(self.session.instance, report, error)
        report.unchanged = (
            report.seen - report.new - report.changed - report.rejected - report.vanished
        )
        report.requests = client.usage.requests
        report.received_bytes = client.usage.received_bytes
        report.retries = client.usage.retries
        report.seconds = round(time.monotonic() - started, 3)
        await self._finish(report, changes)
        return report

    async def _sync(self, client: ErpClient, report: DocTypeReport) -> dict[str, Any]:
        started_at = self.session.clock()
        if self.entry.is_single:
            await self._sync_single(client, report)
            changes: dict[str, Any] = {"verified_at": started_at}
        else:
            changes = await self._sync_table(client, report, started_at)
        report.outcome = Outcome.COMPLETED
        return changes

    async def _sync_single(self, client: ErpClient, report: DocTypeReport) -> None:
        doctype = self.entry.doctype
        document = await client.read(doctype, doctype)
        shape = await read_shape(self.session, self.catalog, self.entry)
        report.seen = 1
        refused = await store_documents(self.session, doctype, [assemble(shape, document)], report)
        await clear_rejected(self.session.instance, doctype, self.rejected - refused)

    async def _sync_table(
        self, client: ErpClient, report: DocTypeReport, started_at: datetime
    ) -> dict[str, Any]:
        state = None if self.full else self.state
        inventory = await take_inventory(self.session, client, self.entry.doctype, state)
        report.seen = len(inventory.rows)
        site_now = started_at.astimezone(ZoneInfo(self.session.time_zone)).replace(tzinfo=None)
        high_water = latest_past(inventory.rows, site_now)
        walked = await self._pull(client, report, inventory)
        if walked:
            high_water = latest_past([{"modified": walked.modified}], site_now) or high_water
        changes: dict[str, Any] = {"position": None}
        if high_water:
            changes["high_water"] = high_water
        if inventory.is_complete or not inventory.query.filters:
            changes["verified_at"] = started_at
        return changes

    async def _pull(
        self, client: ErpClient, report: DocTypeReport, inventory: Inventory
    ) -> Position | None:
        """Pull what differs; return where a walk in pages ended, or None if there was none."""
        differences = await find_differences(self.session, self.entry.doctype, inventory)
        report.absent = differences.absent
        names = [row["name"] for row in inventory.rows] if self.full else differences.names
        listed = {str(row["name"]) for row in inventory.rows}
        if inventory.is_complete:
            await clear_rejected(self.session.instance, self.entry.doctype, self.rejected - listed)
        else:
            names += sorted(self.rejected - listed)
        if not names and not inventory.is_cut:
            return None
        shape = await read_shape(self.session, self.catalog, self.entry)
        puller = Puller(self.session, client, shape, report)
        many = len(names) > max(self.session.erp.page_rows, len(inventory.rows) / 2)
        walked = await self._walk(puller, inventory) if many or inventory.is_cut else None
        await puller.pull_names([name for name in names if str(name) not in puller.pulled])
        settled = (self.rejected & puller.pulled) - puller.rejected
        await clear_rejected(self.session.instance, self.entry.doctype, settled)
        report.seen = len(listed | puller.pulled)
        return walked

    async def _walk(self, puller: Puller, inventory: Inventory) -> Position | None:
        at = None if self.full else _position(self.state)

        async def remember(position: Position) -> None:
            nonlocal at
            at = position
            where = {"modified": position.modified, "name": position.name}
            await write_state(self.session, self.entry.doctype, {"position": where})

        await puller.pull_walk(inventory.query, at, remember)
        return at

    async def _finish(self, report: DocTypeReport, changes: dict[str, Any]) -> None:
        stored = self.state.documents if self.state else 0
        await write_state(
            self.session,
            self.entry.doctype,
            changes
            | {
                "outcome": report.outcome,
                "failure": report.failure.model_dump() if report.failure else None,
                "documents": await self._count() if report.new else stored,
                "attempted_at": self.session.clock(),
            },
        )
        self.session.progress.doctype_finished(self.session.instance, report)

    async def _count(self) -> int:
        return await self.session.documents.count_documents({"doctype": self.entry.doctype})


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


def _fail(instance: str, report: DocTypeReport, error: Exception) -> dict[str, Any]:
    report.failure = describe_failure(error)
    if isinstance(error, ErpThrottled | ErpInMaintenance):
        report.outcome = Outcome.DEFERRED
    elif isinstance(error, ErpRejected) and error.status == FORBIDDEN:
        report.outcome = Outcome.DENIED
    else:
        report.outcome = Outcome.FAILED
        logger.error("%s: %s failed: %s", instance, report.doctype, report.failure.message)
    return {}


def _position(state: SyncState | None) -> Position | None:
    if not state or not state.position:
        return None
    return Position(state.position["modified"], state.position["name"])
