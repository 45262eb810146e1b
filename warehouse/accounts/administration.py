"""What an administrator does to accounts: each step audited, none able to show a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.accounts.audit import COMMAND_LINE, AuditTrail, Event
from warehouse.accounts.links import link_user, unlink
from warehouse.accounts.passwords import Passwords
from warehouse.accounts.proof import read_erp_user
from warehouse.accounts.register import (
    add_account,
    disable_account,
    enable_account,
    get_account,
    set_password_hash,
)
from warehouse.accounts.tokens import add_token
from warehouse.documents.accounts import Account, Link, Proof
from warehouse.errors import AccountRefused

if TYPE_CHECKING:
    from datetime import datetime

    from warehouse.settings import ErpInstance


@dataclass(frozen=True, slots=True)
class Administration:
    """Changes accounts at `now`; every method raises AccountRefused if it can't be done."""

    now: datetime

    async def add(self, name: str, *, is_operator: bool) -> None:
        """Make an account, without a password and without links."""
        account = await add_account(name, self.now, is_operator=is_operator)
        await self._audit(Event.ACCOUNT_ADDED, account)

    async def set_password(self, name: str, password: str) -> None:
        """Give an account a password; its sessions and tokens end."""
        account = await get_account(name)
        if await set_password_hash(account, await Passwords().hash(password)) is None:
            raise AccountRefused(
                f"The password of {name} was changed in this moment.",
                code="account_changed",
                cure="Set it again.",
            )
        await self._audit(Event.PASSWORD_CHANGED, account)

    async def link(self, name: str, erp: ErpInstance, erp_user: str) -> None:
        """Link an account to an ERPNext user, on the administrator's word."""
        account = await get_account(name)
        user = await read_erp_user(erp, erp_user)
        await link_user(account.id, user, Proof.ADMINISTRATOR, self.now)
        await self._audit(Event.LINKED, account, instance=user.instance, erp_user=user.name)

    async def unlink(self, name: str, instance: str) -> None:
        """Remove an account's link."""
        account = await get_account(name)
        if not await unlink(account.id, instance):
            raise AccountRefused(f"{name} has no link to {instance}.", code="link_unknown")
        await self._audit(Event.UNLINKED, account, instance=instance)

    async def disable(self, name: str) -> None:
        """Close an account; its sessions and tokens end, its links stay."""
        account = await get_account(name)
        await disable_account(account)
        await self._audit(Event.ACCOUNT_DISABLED, account)

    async def enable(self, name: str) -> None:
        """Open a closed account again."""
        account = await get_account(name)
        await enable_account(account)
        await self._audit(Event.ACCOUNT_ENABLED, account)

    async def make_token(self, name: str, title: str, days: int) -> str:
        """Return a new token that opens all links of an account."""
        account = await get_account(name)
        if account.is_disabled:
            raise AccountRefused(f"The account {name} is disabled.", code="account_disabled")
        kept, token = await add_token(account, title, None, days, self.now)
        await self._audit(Event.TOKEN_MADE, account, name=kept.id)
        return token

    async def _audit(self, event: Event, account: Account, **details: Any) -> None:
        await AuditTrail(lambda: self.now).write(event, account, COMMAND_LINE, **details)


async def list_accounts() -> list[tuple[Account, list[Link]]]:
    """Return all accounts by name, each with its links by instance."""
    links: dict[str, list[Link]] = {}
    async for link in Link.find({}).sort("instance"):
        links.setdefault(link.account, []).append(link)
    accounts = await Account.find({}).sort("name_lc").to_list()
    return [(account, links.get(account.id, [])) for account in accounts]
