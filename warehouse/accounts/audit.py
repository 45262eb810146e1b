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

from pymongo.errors import PyMongoError

from warehouse.documents.accounts import AuditEntry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from warehouse.documents.accounts import Account

logger = logging.getLogger(__name__)

FLUSH_EVERY_S = 1.0
FLUSH_AT = 500


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
        self._noted: list[dict[str, Any]] = []

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
        """Write an entry soon."""
        self._noted.append(self._entry(event, account, client, details))
        if len(self._noted) >= FLUSH_AT:
            await self.flush()

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
            try:
                await self.flush()
            except PyMongoError as error:
                logger.error(  # noqa: TRY400 - the driver's message may hold what was audited
                    "The audit can't be written (%s); %d entries wait.",
                    type(error).__name__,
                    len(self._noted),
                )

    async def flush(self) -> None:
        """Write what was noted."""
        entries, self._noted = self._noted, []
        if not entries:
            return
        try:
            await AuditEntry.get_pymongo_collection().insert_many(entries, ordered=False)
        except PyMongoError:
            self._noted = entries + self._noted
            raise

    def _entry(
        self, event: Event, account: Account | None, client: Client, details: dict[str, Any]
    ) -> dict[str, Any]:
        known = {"account": account.id, "account_name": account.name} if account else {}
        where = {"address": client.address, "request_id": client.request_id}
        given = {key: value for key, value in details.items() if value is not None}
        return {"at": self._clock(), "event": event.value, **known, **where, **given}


async def read_audit(account: str | None, limit: int) -> list[AuditEntry]:
    """Return the latest entries, of one account or of all, the last first."""
    found = AuditEntry.find({} if account is None else {"account": account})
    return await found.sort("-at").limit(limit).to_list()
