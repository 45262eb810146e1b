"""The audit: who signed in, linked, read and exported what, kept for AUDIT_DAYS.

Sign-ins and changes are written before they are answered; reads, up to a second later and many at
a time, so that no page waits for it. Neither passwords nor what a stranger typed for a user name is
in it: people type passwords there.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import bson
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError

from warehouse.documents.accounts import AuditEntry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from warehouse.documents.accounts import Account

logger = logging.getLogger(__name__)

FLUSH_EVERY_S = 1.0
FLUSH_AT = 500
DUPLICATE_KEY = 11000


class Event(StrEnum):
    """What is audited."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    LINKED = "linked"
    LINK_FAILED = "link_failed"
    UNLINKED = "unlinked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - an event
    TOKEN_MADE = "token_made"  # noqa: S105 - an event
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - an event
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    READ = "read"
    LISTED = "listed"
    EXPORTED = "exported"


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from, and under which id it is in the log."""

    address: str | None = None
    request_id: str | None = None


COMMAND_LINE = Client()


class AuditTrail:
    """Writes the audit; one per process, used while `kept_up` runs."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._noted: list[Mapping[str, Any]] = []

    async def write(
        self, event: Event, account: Account | None, client: Client, **details: Any
    ) -> None:
        """Write an entry at once."""
        await AuditEntry.get_pymongo_collection().insert_one(
            self._entry(event, account, client, details)
        )

    async def note(
        self, event: Event, account: Account | None, client: Client, **details: Any
    ) -> None:
        """Write an entry soon; whether MongoDB can take it now is no matter of the caller's."""
        self._noted.append(self._entry(event, account, client, details))
        if len(self._noted) >= FLUSH_AT:
            await self._try_flush()

    @asynccontextmanager
    async def kept_up(self) -> AsyncIterator[None]:
        """Write what is noted while the block runs, and what is left at its end."""
        writing = asyncio.create_task(self._keep_up())
        try:
            yield
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await self.flush()

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            await self._try_flush()

    async def _try_flush(self) -> None:
        try:
            await self.flush()
        except Exception as error:  # noqa: BLE001 - whatever it is, the audit goes on
            logger.error(  # noqa: TRY400 - the driver's message may hold what was audited
                "The audit can't be written (%s); %d entries wait.",
                type(error).__name__,
                len(self._noted),
            )

    async def flush(self) -> None:
        """Write what was noted; what fails waits for the next time."""
        noted, self._noted = self._noted, []
        entries = [encoded for entry in noted if (encoded := _encode(entry))]
        if len(entries) < len(noted):
            logger.error("%d audit entries can't be stored.", len(noted) - len(entries))
        if not entries:
            return
        try:
            await _insert(entries)
        except BaseException:  # the end of the process, too
            self._noted = [*entries, *self._noted]
            raise

    def _entry(
        self, event: Event, account: Account | None, client: Client, details: dict[str, Any]
    ) -> dict[str, Any]:
        known = {"account": account.id, "account_name": account.name} if account else {}
        where = {"address": client.address, "request_id": client.request_id}
        given = {key: value for key, value in details.items() if value is not None}
        return {"at": self._clock(), "event": event.value, **known, **where, **given}


async def _insert(entries: list[RawBSONDocument]) -> None:
    """Insert entries; those that are there were written by a try whose answer got lost."""
    try:
        await AuditEntry.get_pymongo_collection().insert_many(entries, ordered=False)
    except BulkWriteError as error:
        if error.details["writeConcernErrors"]:
            raise
        codes = [one["code"] for one in error.details["writeErrors"]]
        refused = [code for code in codes if code != DUPLICATE_KEY]
        if refused:
            logger.error(  # noqa: TRY400 - as above
                "MongoDB refuses %d audit entries: codes %s.", len(refused), set(refused)
            )


def _encode(entry: Mapping[str, Any]) -> RawBSONDocument | None:
    """Return an entry as it is stored, or None: one that can't be must not take the others along.

    Its id is given here, so that an entry whose answer got lost is known again.
    """
    try:
        return RawBSONDocument(bson.encode({"_id": ObjectId(), **entry}))
    except Exception:  # noqa: BLE001 - of several kinds
        return None


async def read_audit(account: str | None, limit: int) -> list[AuditEntry]:
    """Return the latest entries, of one account or of all, the last first."""
    found = AuditEntry.find({} if account is None else {"account": account})
    return await found.sort("-at").limit(limit).to_list()
