"""One holder per instance, with an increasing fencing token; who only looks shares it.

Times are the MongoDB server's, so that the clocks of our machines don't matter. A holder that died
on this machine is recognised by its process and replaced at once; one elsewhere when it expires.
A holder that slept through its expiry finds another token and stops before it writes.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument
from pymongo.errors import ConnectionFailure, DuplicateKeyError

from warehouse.documents.control import Lease, Run, SyncState
from warehouse.documents.raw import COLLECTION_PREFIX
from warehouse.errors import LeaseHeld, LeaseLost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.collection import AsyncCollection

TTL = timedelta(seconds=60)
RENEW_EVERY_S = 15.0
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HeldLease:
    """The lease of `instance`, ours under `token` until somebody else takes it."""

    instance: str
    token: int
    collection: AsyncCollection[dict[str, Any]]

    async def assert_held(self) -> None:
        """Renew the lease.

        Raises:
            LeaseLost: if another holder has taken it.
        """
        renewed = await self.collection.update_one(
            {"_id": self.instance, "token": self.token},
            [{"$set": {"expires_at": _in_ttl()}}],
        )
        if not renewed.matched_count:
            raise LeaseLost(
                f"Another process took over {self.instance} while this one slept.",
                cure="Nothing to do: the other one does the work; look for it with csa status.",
                instance=self.instance,
            )


@dataclass(frozen=True, slots=True)
class SharedLease:
    """Nobody works on `instance` while we look, or we hear of it; `token` is the last holder's."""

    instance: str
    token: int
    collection: AsyncCollection[dict[str, Any]]

    async def assert_held(self) -> None:
        """Make sure that nobody has worked on the instance since we began to look.

        Raises:
            LeaseLost: if somebody has, so that what we saw was of no one moment.
        """
        token = await _read_token(self.collection, self.instance)
        if token != self.token or await _find_holder(self.collection, self.instance):
            raise LeaseLost(
                f"Another process began to work on {self.instance} while this one was looking.",
                cure="Look again when it is done; csa status tells.",
                instance=self.instance,
            )


@asynccontextmanager
async def hold_lease(instance: str, purpose: str, beyond: int = 0) -> AsyncIterator[HeldLease]:
    """Hold the lease of an instance while the block runs, under a token greater than `beyond`.

    Raises:
        LeaseHeld: if a living holder has it; the message names it.
    """
    collection = Lease.get_pymongo_collection()
    last = max(beyond, await _find_last_token(instance))
    lease = HeldLease(instance, await _take(collection, instance, purpose, last), collection)
    renewal = asyncio.create_task(_renew(lease))
    try:
        yield lease
    finally:
        renewal.cancel()
        with suppress(asyncio.CancelledError, LeaseLost):
            await renewal
        await collection.update_one(
            {"_id": instance, "token": lease.token},
            {"$set": {"expires_at": _NEVER, "holder": None}},
        )


@asynccontextmanager
async def share_lease(instance: str) -> AsyncIterator[SharedLease]:
    """Look at an instance while the block runs; any number may, and none keeps a holder waiting.

    Raises:
        LeaseHeld: if a living holder works on it; the message names it.
        LeaseLost: at the end, if one has begun meanwhile.
    """
    collection = Lease.get_pymongo_collection()
    # In this order: who takes it in between is seen at once, who takes it later at the end.
    lease = SharedLease(instance, await _read_token(collection, instance), collection)
    held = await _find_holder(collection, instance)
    if held:
        raise _held(instance, held)
    yield lease
    await lease.assert_held()


def describe_this_process() -> dict[str, Any]:
    """Return where and what this process is, as a lease's holder."""
    return {"machine": _machine(), "host": socket.gethostname(), "pid": os.getpid()}


async def _take(
    collection: AsyncCollection[dict[str, Any]], instance: str, purpose: str, last: int
) -> int:
    if not await collection.find_one({"_id": instance}, {"_id": 1}):
        with suppress(DuplicateKeyError):
            await collection.insert_one({"_id": instance, "token": last, "expires_at": _NEVER})
    expired: dict[str, Any] = {"$expr": {"$lt": ["$expires_at", "$$NOW"]}}
    for _ in range(2):
        taken = await collection.find_one_and_update(
            {"_id": instance, **expired},
            [
                {
                    "$set": {
                        "token": {"$add": [{"$max": ["$token", last]}, 1]},
                        "holder": describe_this_process(),
                        "purpose": purpose,
                        "expires_at": _in_ttl(),
                    }
                }
            ],
            return_document=ReturnDocument.AFTER,
        )
        if taken:
            return int(taken["token"])
        held = await collection.find_one({"_id": instance}) or {}
        if not is_dead(held.get("holder")):
            raise _held(instance, held)
        expired = {"token": held["token"]}
    raise _held(instance, held)


async def _read_token(collection: AsyncCollection[dict[str, Any]], instance: str) -> int:
    lease = await collection.find_one({"_id": instance}, {"token": 1})
    return int(lease["token"]) if lease else 0


async def _find_holder(
    collection: AsyncCollection[dict[str, Any]], instance: str
) -> dict[str, Any] | None:
    """Return the lease if a living holder has it."""
    unexpired = {"$expr": {"$gte": ["$expires_at", "$$NOW"]}}
    held = await collection.find_one({"_id": instance, **unexpired})
    return None if held is None or is_dead(held.get("holder")) else held


async def _find_last_token(instance: str) -> int:
    """Return the last token of an instance by the marks that its holders left; zero of a new one.

    If the lease is lost, or restored from a backup that is older than they are, a token that counts
    on from it would be fenced off by what was written since. A run's id ends in its token.
    """
    tokens: list[int] = []
    for model in (Run, SyncState):
        marks = model.get_pymongo_collection()
        last = await marks.find_one({"instance": instance}, {"token": 1}, sort=[("token", -1)])
        tokens.append(last["token"] if last else 0)
    if any(tokens):
        return max(tokens)
    # Without an index, and so only where nothing else is left.
    documents = Lease.get_pymongo_collection().database[COLLECTION_PREFIX + instance]
    newest = await documents.find_one({}, {"run_id": 1}, sort=[("run_id", -1)])
    return int((newest or {}).get("run_id", "").rpartition("-")[2] or 0)


def is_dead(holder: dict[str, Any] | None) -> bool:
    """Say whether `holder` ran on this machine and runs no more."""
    if not holder or holder.get("machine") != _machine():
        return False
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _is_zombie(holder["pid"])


def _is_zombie(pid: int) -> bool:
    """Say whether a process has ended and its parent has not asked how (only Linux tells)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] == ["Z"]


async def _renew(lease: HeldLease) -> None:
    while True:
        await asyncio.sleep(RENEW_EVERY_S)
        # MongoDB may be back for the next renewal; if it is not, the run's own writes will tell.
        with suppress(ConnectionFailure):
            await lease.assert_held()


def _in_ttl() -> dict[str, Any]:
    return {"$add": ["$$NOW", int(TTL.total_seconds() * 1000)]}


def _held(instance: str, held: dict[str, Any]) -> LeaseHeld:
    holder = held.get("holder") or {}
    return LeaseHeld(
        f"{instance} is being worked on ({held.get('purpose')}) by process {holder.get('pid')} "
        f"on {holder.get('host')}.",
        cure="Wait for it to end, or end it; a dead holder's lease expires within a minute.",
        instance=instance,
    )


def _machine() -> str:
    """Return what a process number is valid in: the host, its boot, its process namespace."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").stat().st_ino))
    return "/".join(parts)
