"""Sign-ins are counted per account, address and instance before an ERP is asked.

ERPNext locks a user, and an address, after ten failures within a minute; below that nobody is
locked out by what is tried here under one name. (Of the e-mail, user name and mobile number, where
a site takes all three, each is counted.) Counted in MongoDB, so that processes share it. The
`limits` library would do that over Motor, a second driver that is at its end of life, and could
not give back what a success took, so this is our own: one atomic update per key.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from warehouse.documents.accounts import SignInCount
from warehouse.erpnext.collation import fold_name
from warehouse.errors import SignInThrottled

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failed sign-ins in a window of so many seconds, which the first one opens."""

    kind: str
    attempts: int
    window_s: int


BY_ACCOUNT = Limit("account", 5, 900)
BY_ADDRESS = Limit("address", 10, 900)
BY_SITE = Limit("site", 30, 900)
BY_INSTANCE = Limit("instance", 60, 60)
# Of IPv6 a subscriber has a /64 at least, and may have a /48: as many addresses as they like.
_IPV6 = ((64, BY_ADDRESS), (48, BY_SITE))


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that is about to be tried: `instance` is empty for the portal's own password."""

    username: str
    address: str
    instance: str = ""

    def counted(self) -> list[tuple[str, Limit]]:
        """Return what is counted, in order: who is stopped at one fills none of those after it.

        The address comes first, so that nobody who is stopped there can lock others out.
        """
        tried = [
            *_list_networks(self.address),
            (f"{self.instance}\n{fold_name(self.username)}", BY_ACCOUNT),
        ]
        return [*tried, (self.instance, BY_INSTANCE)] if self.instance else tried


async def take(attempt: Attempt, now: datetime) -> None:
    """Count an attempt.

    Raises:
        SignInThrottled: if one of its counts is used up; an ERP must not be asked then.
    """
    for key, limit in attempt.counted():
        tried, ends_at = await _count(_identify(key, limit), limit, now)
        if tried > limit.attempts:
            raise SignInThrottled(
                retry_after_s=(ends_at - now).total_seconds(),
                is_repeated=tried > limit.attempts + 1,
            )


async def give_back(attempt: Attempt) -> None:
    """Take an attempt that succeeded out of the counts; failures before it stay in."""
    ids = [_identify(key, limit) for key, limit in attempt.counted()]
    await SignInCount.get_pymongo_collection().update_many(
        {"_id": {"$in": ids}, "tried": {"$gt": 0}}, {"$inc": {"tried": -1}}
    )


async def _count(identity: str, limit: Limit, now: datetime) -> tuple[int, datetime]:
    """Count one more in the window that is open; return the count and the window's end."""
    is_open = {"$gt": ["$ends_at", now]}
    ends_at = now + timedelta(seconds=limit.window_s)
    update = {
        "tried": {"$cond": [is_open, {"$add": ["$tried", 1]}, 1]},
        "ends_at": {"$cond": [is_open, "$ends_at", ends_at]},
    }
    for _ in range(2):
        try:
            row: Any = await SignInCount.get_pymongo_collection().find_one_and_update(
                {"_id": identity},
                [{"$set": update}],
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:
            continue  # another process opened the window in the same moment
        return row["tried"], row["ends_at"]
    raise SignInThrottled(retry_after_s=1)


def _identify(key: str, limit: Limit) -> str:
    return f"{limit.kind}:{hashlib.blake2b(key.encode('utf-8'), digest_size=16).hexdigest()}"


def _list_networks(address: str) -> list[tuple[str, Limit]]:
    """Return what is counted of an address: of IPv6 the networks, the smallest first."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return [(address, BY_ADDRESS)]
    if isinstance(parsed, ipaddress.IPv4Address):
        return [(address, BY_ADDRESS)]
    return [
        (str(ipaddress.ip_network((int(parsed), bits), strict=False)), limit)
        for bits, limit in _IPV6
    ]
