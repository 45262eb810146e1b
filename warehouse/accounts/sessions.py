"""Sessions of the portal: on the server, so that ending one ends it.

One lasts a working day, and two hours without a request. Times of use are noted to the minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from warehouse.documents.accounts import Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.documents.accounts import Account, ProvenUser

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)


async def open_session(
    digest: str, account: Account, proofs: Iterable[ProvenUser] | None, now: datetime
) -> Session:
    """Store a new session under the digest of its cookie; `proofs`: None opens every link.

    Whoever was let in by a password that has been changed since gets one that opens nothing.
    """
    return await Session(
        id=digest,
        account=account.id,
        generation=account.generation,
        proofs=None if proofs is None else list(proofs),
        started_at=now,
        seen_at=now,
        expires_at=now + LONGEST,
    ).insert()


async def find_session(digest: str, now: datetime) -> Session | None:
    """Return a session that is neither ended nor expired, and note that it was seen."""
    session = await Session.get(digest)
    if session is None or now >= session.expires_at or now >= session.seen_at + IDLE:
        return None
    if now >= session.seen_at + SEEN_EVERY:
        await Session.get_pymongo_collection().update_one(
            {"_id": digest}, {"$max": {"seen_at": now}}
        )
    return session


async def add_proof(digest: str, proof: ProvenUser) -> None:
    """Let a session open what a proof opens; one that opens all stays so."""
    await Session.get_pymongo_collection().update_one(
        {"_id": digest, "proofs": {"$type": "array"}}, {"$addToSet": {"proofs": proof.model_dump()}}
    )


async def close_session(digest: str) -> None:
    """End one session."""
    await Session.get_pymongo_collection().delete_one({"_id": digest})


async def close_sessions(account: str) -> None:
    """End all sessions of an account."""
    await Session.get_pymongo_collection().delete_many({"account": account})
