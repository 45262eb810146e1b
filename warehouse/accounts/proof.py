"""Who an employee is at one ERPNext, proven there and nowhere else.

Nothing that proves is kept: not the password, nor the key, nor the session. The user's `creation`
is read anew with the warehouse's own key, since a user name may have been given to someone else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warehouse.documents.accounts import Proof, ProvenUser
from warehouse.erpnext.client import ErpClient
from warehouse.erpnext.login import ErpLogin
from warehouse.erpnext.query import ListQuery
from warehouse.erpnext.retrying import RetryBudget
from warehouse.errors import SignInRefused

if TYPE_CHECKING:
    import httpx

    from warehouse.settings import ErpInstance

SYSTEM_USER = "System User"
NOBODYS_OWN = frozenset({"administrator", "guest"})
COLUMNS = ("name", "modified", "creation", "enabled", "user_type")


@dataclass(frozen=True, slots=True)
class ByPassword:
    """An ERPNext user name and password."""

    username: str
    password: str = field(repr=False)
    how = Proof.PASSWORD


@dataclass(frozen=True, slots=True)
class ByKey:
    """An employee's own API key and secret."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    how = Proof.API_KEY


@dataclass(frozen=True, slots=True)
class ErpUser:
    """An ERPNext user; `creation` tells users of one name apart."""

    instance: str
    name: str
    creation: str

    def as_proven(self) -> ProvenUser:
        """Return what a session keeps of it."""
        return ProvenUser(instance=self.instance, erp_user=self.name, erp_creation=self.creation)


async def prove(
    erp: ErpInstance,
    proof: ByPassword | ByKey,
    address: str,
    transport: httpx.AsyncBaseTransport | None = None,
) -> ErpUser:
    """Return the ERPNext user that `proof` belongs to. `address`: the employee's.

    Raises:
        SignInRefused, SignInThrottled, ErpError: as `warehouse.erpnext.login` says; and if the user
            may not sign in here.
    """
    if isinstance(proof, ByPassword):
        _refuse_nobodys_own(proof.username)
    async with ErpLogin(erp, address, transport) as login:
        if isinstance(proof, ByPassword):
            name = await login.prove_password(proof.username, proof.password)
        else:
            name = await login.prove_key(proof.api_key, proof.api_secret)
    return await read_erp_user(erp, name, transport)


async def read_erp_user(
    erp: ErpInstance, name: str, transport: httpx.AsyncBaseTransport | None = None
) -> ErpUser:
    """Return an ERPNext user whom an account may be linked to, read with the warehouse's key.

    Raises:
        SignInRefused: if there is none of exactly this name, or none that is fit.
        ErpError: if the ERP can't be asked.
    """
    _refuse_nobodys_own(name)
    query = ListQuery("User", COLUMNS, (("name", "=", name),))
    async with ErpClient(erp, transport=transport, budget=RetryBudget(left=1)) as client:
        rows = await client.list_rows(query)
    # MariaDB finds names in any case and accent.
    row = next((row for row in rows if row["name"] == name), None)
    if row is None or not row.get("enabled") or row.get("user_type") != SYSTEM_USER:
        raise SignInRefused(
            f"{erp.instance} has no enabled System User of this name.", code="erp_user_unfit"
        )
    return ErpUser(erp.instance, name, str(row["creation"]))


def _refuse_nobodys_own(name: str) -> None:
    if name.strip().lower() in NOBODYS_OWN:
        raise SignInRefused("Administrator and Guest are nobody's own user.", code="erp_user_unfit")
