"""The register of portal accounts: made, found, given a password, closed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from warehouse.accounts.secrets import make_id
from warehouse.accounts.sessions import close_sessions
from warehouse.accounts.tokens import revoke_tokens
from warehouse.documents.accounts import Account
from warehouse.errors import AccountRefused

if TYPE_CHECKING:
    from datetime import datetime

    from warehouse.accounts.proof import ErpUser

_NAME = re.compile(r"[\w.@+-]{1,100}")
MOST_OF_ONE_NAME = 1000


async def add_account(name: str, now: datetime, *, is_operator: bool = False) -> Account:
    """Make an account, without a password and without links.

    Raises:
        AccountRefused: if the name is taken, or is none.
    """
    if not _NAME.fullmatch(name):
        raise AccountRefused(
            "An account's name has up to 100 letters, digits, and . _ @ + -.", code="name_unfit"
        )
    account = _make(name, now, is_operator=is_operator)
    try:
        return await account.insert()
    except DuplicateKeyError:
        raise AccountRefused(f"There is an account {name} already.", code="name_taken") from None


async def add_account_of(user: ErpUser, now: datetime) -> Account:
    """Make the account of someone who proved to be an ERPNext user and had none."""
    for number in range(1, MOST_OF_ONE_NAME):
        name = f"{user.instance}/{user.name}" + (f"#{number}" if number > 1 else "")
        try:
            return await _make(name, now).insert()
        except DuplicateKeyError:
            continue  # the account of someone who had this user name before
    raise AccountRefused(f"{user.instance} reuses a user name too often.", code="name_taken")


async def find_account(name: str) -> Account | None:
    """Return an account by its name, in any case."""
    return await Account.find_one(Account.name_lc == name.strip().lower())


async def get_account(name: str) -> Account:
    """Return an account by its name, in any case; AccountRefused if there is none."""
    account = await find_account(name)
    if account is None:
        raise AccountRefused(f"There is no account {name}.", code="account_unknown")
    return account


async def set_password_hash(account: Account, password_hash: str) -> Account | None:
    """Give an account a new password; whoever is signed in, or has a token, is out.

    Returns:
        The account as it is now; None if it has another password than `account` says.
    """
    return await _shut_out(
        {"_id": account.id, "password_hash": account.password_hash},
        {"password_hash": password_hash},
    )


async def renew_hash(account: Account, password_hash: str) -> None:
    """Store the same password hashed with today's parameters, unless there is a new one."""
    await Account.get_pymongo_collection().update_one(
        {"_id": account.id, "password_hash": account.password_hash},
        {"$set": {"password_hash": password_hash}},
    )


async def disable_account(account: Account) -> None:
    """Close an account; its links stay, its sessions and tokens go."""
    await _shut_out({"_id": account.id}, {"is_disabled": True})


async def enable_account(account: Account) -> None:
    """Open a closed account again."""
    await Account.get_pymongo_collection().update_one(
        {"_id": account.id}, {"$set": {"is_disabled": False}}
    )


def _make(name: str, now: datetime, *, is_operator: bool = False) -> Account:
    return Account(
        id=make_id(), name=name, name_lc=name.lower(), is_operator=is_operator, created_at=now
    )


async def _shut_out(which: dict[str, Any], values: dict[str, Any]) -> Account | None:
    """Change an account and end its sessions and tokens.

    The new generation ends those, too, that are being made in this moment.
    """
    row: Any = await Account.get_pymongo_collection().find_one_and_update(
        which,
        {"$set": values, "$inc": {"generation": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if row is None:
        return None
    await close_sessions(row["_id"])
    await revoke_tokens(row["_id"])
    return Account(**row)
