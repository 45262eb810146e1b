"""The demo's portal accounts: an operator, and everyone who is a user at the sample sites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from demo.site.auth import SERVICE_USER
from warehouse.accounts.administration import Administration
from warehouse.accounts.links import unlink
from warehouse.accounts.proof import NOBODYS_OWN, SYSTEM_USER
from warehouse.accounts.register import find_account
from warehouse.datastore import open_datastore
from warehouse.erpnext.client import ErpClient
from warehouse.erpnext.query import ListQuery

if TYPE_CHECKING:
    from warehouse.settings import ErpInstance, Settings

OPERATOR = "operator"
PORTAL_PASSWORD = "demo-portal-password"  # noqa: S105 - printed: it guards made-up books
TOKEN_DAYS = 7


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account with its ERPNext users by instance, and a token that opens their ERPs."""

    name: str
    users: dict[str, str]
    token: str


async def make_accounts(settings: Settings) -> list[DemoAccount]:
    """Make the accounts, or make them anew from an earlier demo; return them, the operator first.

    An account is named as its users are before the @, and linked to all of them.
    """
    names: dict[str, dict[str, str]] = {OPERATOR: {}}
    for erp in settings.instances.values():
        for user in await _list_users(erp):
            names.setdefault(user.partition("@")[0], {})[erp.instance] = user
    async with open_datastore(settings):
        return [await _make(settings, name, users) for name, users in names.items()]


async def _make(settings: Settings, name: str, users: dict[str, str]) -> DemoAccount:
    administration = Administration(datetime.now(UTC))
    account = await find_account(name)
    if account is None:
        await administration.add(name, is_operator=name == OPERATOR)
    await administration.set_password(name, PORTAL_PASSWORD)
    for instance, user in users.items():
        if account is not None:
            await unlink(account.id, instance)
        await administration.link(name, settings.instance(instance), user)
    token = await administration.make_token(name, "demo", TOKEN_DAYS)
    return DemoAccount(name, users, token)


async def _list_users(erp: ErpInstance) -> list[str]:
    wanted = (("enabled", "=", 1), ("user_type", "=", SYSTEM_USER), ("name", "!=", SERVICE_USER))
    async with ErpClient(erp) as client:
        rows = await client.list_rows(ListQuery("User", filters=wanted))
    return [row["name"] for row in rows if row["name"].lower() not in NOBODYS_OWN]
