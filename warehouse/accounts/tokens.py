"""Personal access tokens, with which scripts read: they change nothing, and they expire.

A token opens what the session opened that made it, never more. One of a session that was proven at
an ERP lasts a month at most: its password may have been reset there by someone else.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warehouse.accounts.secrets import digest_token, make_id, make_token
from warehouse.documents.accounts import AccessToken
from warehouse.errors import AccountRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.documents.accounts import Account, ProvenUser

DEFAULT_DAYS = 90
MOST_DAYS = 365
MOST_DAYS_BY_ERP = 30
MOST_TOKENS = 50
USED_EVERY = timedelta(minutes=1)


async def add_token(
    account: Account, title: str, proofs: Iterable[ProvenUser] | None, days: int, now: datetime
) -> tuple[AccessToken, str]:
    """Make a token; return what is kept of it, and the token, which nobody can show again.

    Raises:
        AccountRefused: if the account has too many.
    """
    if await AccessToken.find(AccessToken.account == account.id).count() >= MOST_TOKENS:
        raise AccountRefused(
            f"The account has {MOST_TOKENS} tokens.", code="too_many_tokens", cure="Remove some."
        )
    if proofs is not None:
        days = min(days, MOST_DAYS_BY_ERP)
    secret = make_token()
    token = AccessToken(
        id=make_id(),
        digest=str(digest_token(secret)),
        account=account.id,
        title=title,
        generation=account.generation,
        proofs=None if proofs is None else list(proofs),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    return await token.insert(), secret


async def find_token(digest: str, now: datetime) -> AccessToken | None:
    """Return a token that is neither revoked nor expired, and note that it was used."""
    token = await AccessToken.find_one(AccessToken.digest == digest)
    if token is None or now >= token.expires_at:
        return None
    if token.used_at is None or now >= token.used_at + USED_EVERY:
        await AccessToken.get_pymongo_collection().update_one(
            {"_id": token.id}, {"$max": {"used_at": now}}
        )
    return token


async def list_tokens(
    account: str, opened: Iterable[str] | None, now: datetime
) -> list[AccessToken]:
    """Return an account's tokens that have not expired, the latest first.

    `opened`: the instances that the caller opens; tokens that open others are left out. None: all.
    """
    found = AccessToken.find(_select(account, opened), AccessToken.expires_at > now)
    return await found.sort("-created_at").to_list()


async def revoke_token(account: str, opened: Iterable[str] | None, token_id: str) -> bool:
    """Revoke one token of those that `list_tokens` shows; say whether there was one."""
    result = await AccessToken.get_pymongo_collection().delete_one(
        {"_id": token_id, **_select(account, opened)}
    )
    return bool(result.deleted_count)


async def revoke_tokens(account: str) -> None:
    """Revoke all tokens of an account."""
    await AccessToken.get_pymongo_collection().delete_many({"account": account})


def _select(account: str, opened: Iterable[str] | None) -> dict[str, Any]:
    if opened is None:
        return {"account": account}
    beyond = {"$elemMatch": {"instance": {"$nin": sorted(opened)}}}
    return {"account": account, "proofs": {"$type": "array", "$not": beyond}}
