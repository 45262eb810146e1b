"""Signing in: by the portal's own password, or by a password of the ERPNext that is named.

Identity is (instance, ERPNext user), never an e-mail. A sign-in that names an instance goes to that
one alone; the first that succeeds makes the account, and links it. What fails fails with one error,
after the same work, whether or not there is such an account.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from warehouse.accounts.audit import Event
from warehouse.accounts.links import find_link, link_user
from warehouse.accounts.passwords import Passwords
from warehouse.accounts.proof import ByKey, ByPassword, prove
from warehouse.accounts.register import (
    add_account_of,
    find_account,
    renew_hash,
    set_password_hash,
)
from warehouse.accounts.throttle import Attempt, give_back, take
from warehouse.documents.accounts import Account, Proof, ProvenUser
from warehouse.errors import (
    AccessError,
    AccountRefused,
    ErpError,
    SignInRefused,
    SignInThrottled,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from warehouse.accounts.audit import AuditTrail, Client
    from warehouse.accounts.proof import ErpUser
    from warehouse.settings import ErpInstance


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody signs in with; without `instance`, by the portal's own password."""

    username: str
    password: str = field(repr=False)
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """Who signed in; `proofs`: the ERPNext users that they proved to be, None: all links."""

    account: Account
    proofs: tuple[ProvenUser, ...] | None


class Entrance:
    """Lets people in, and links what they prove; one per process."""

    def __init__(
        self,
        erps: Mapping[str, ErpInstance],
        audit: AuditTrail,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._erps = erps
        self._audit = audit
        self._clock = clock
        self._transport = transport
        self._passwords = Passwords()

    async def sign_in(self, asked: SignIn, client: Client) -> Opened:
        """Return whose account it is.

        Raises:
            SignInRefused: if it is nobody's; SignInThrottled: after too many that failed.
            ErpError: if the ERP that is named can't be asked.
        """
        try:
            opened = await self._open(asked, client)
        except (AccessError, ErpError) as refused:
            if not _is_repeated(refused):
                # What was typed for a name is not for the audit, unless it is one of the portal's.
                account = await find_account(asked.username) if asked.instance is None else None
                instance = self._name_instance(asked.instance)
                await self._audit.write(
                    Event.SIGN_IN_FAILED, account, client, instance=instance, reason=refused.code
                )
            raise
        await self._audit.write(Event.SIGNED_IN, opened.account, client, instance=asked.instance)
        return opened

    async def link(
        self, account: Account, instance: str, proof: ByPassword | ByKey, client: Client
    ) -> ErpUser:
        """Link an account to the ERPNext user that `proof` belongs to; raises as `sign_in`.

        Raises:
            AccountRefused: if the user, or the account's link there, is taken.
        """
        username = proof.username if isinstance(proof, ByPassword) else account.id
        attempt = Attempt(username, client.address or "", instance)
        try:
            user = await self._prove(instance, proof, attempt)
            await link_user(account.id, user, proof.how, self._clock())
        except (AccessError, ErpError) as refused:
            if not _is_repeated(refused):
                known = self._name_instance(instance)
                await self._audit.write(
                    Event.LINK_FAILED, account, client, instance=known, reason=refused.code
                )
            raise
        await self._audit.write(
            Event.LINKED, account, client, instance=instance, erp_user=user.name
        )
        return user

    async def change_password(
        self, account: Account, current: str, new: str, client: Client
    ) -> Account:
        """Replace the portal's password; ends all sessions and tokens of the account returned.

        There must be one already, and an administrator sets the first: otherwise whoever resets a
        password at one ERP could choose the one that opens what is linked later.
        """
        if account.password_hash is None:
            raise AccountRefused(
                "The account has no portal password.",
                code="password_unset",
                cure="An administrator sets the first one: csa user password.",
            )
        attempt = Attempt(account.name, client.address or "")
        await take(attempt, self._clock())
        changed = None
        if await self._passwords.verify(current, account.password_hash):
            changed = await set_password_hash(account, await self._passwords.hash(new))
        if changed is None:
            raise AccountRefused("The current password is wrong.", code="password_wrong")
        await give_back(attempt)
        await self._audit.write(Event.PASSWORD_CHANGED, changed, client)
        return changed

    async def _open(self, asked: SignIn, client: Client) -> Opened:
        attempt = Attempt(asked.username, client.address or "", asked.instance or "")
        if asked.instance is None:
            await take(attempt, self._clock())
            opened = Opened(await self._check_password(asked.username, asked.password), None)
            await give_back(attempt)
            return opened
        proof = ByPassword(asked.username, asked.password)
        user = await self._prove(asked.instance, proof, attempt)
        account = await self._find_or_add(user)
        if account.is_disabled:
            raise SignInRefused
        return Opened(account, (user.as_proven(),))

    async def _prove(self, instance: str, proof: ByPassword | ByKey, attempt: Attempt) -> ErpUser:
        # Counted first: who asks for what there is not is stopped as anyone else is.
        await take(attempt, self._clock())
        erp = self._erps.get(instance)
        if erp is None:
            raise SignInRefused
        user = await prove(erp, proof, attempt.address, self._transport)
        await give_back(attempt)
        return user

    async def _check_password(self, name: str, password: str) -> Account:
        account = await find_account(name)
        password_hash = account.password_hash if account else None
        is_right = await self._passwords.verify(password, password_hash)
        if not is_right or account is None or password_hash is None or account.is_disabled:
            raise SignInRefused
        if self._passwords.is_outdated(password_hash):
            await renew_hash(account, await self._passwords.hash(password))
        return account

    async def _find_or_add(self, user: ErpUser) -> Account:
        """Return the account of a proven ERPNext user, made if there is none yet."""
        now = self._clock()
        account = await self._find(user)
        if account is None:
            account = await add_account_of(user, now)
            try:
                await link_user(account.id, user, Proof.PASSWORD, now)
            except AccountRefused:
                # They signed in twice at once, and the other one was first.
                await account.delete()
                account = await self._find(user)
        else:
            await link_user(account.id, user, Proof.PASSWORD, now)
        if account is None:
            raise SignInRefused
        return account

    async def _find(self, user: ErpUser) -> Account | None:
        link = await find_link(user)
        if link is None or link.erp_creation != user.creation:
            return None
        return await Account.get(link.account)

    def _name_instance(self, instance: str | None) -> str | None:
        """Return an instance that there is; what else was typed is not for the audit."""
        return instance if instance in self._erps else None


def _is_repeated(error: AccessError | ErpError) -> bool:
    """Say whether the audit has one like it: of a flood only the first is written down."""
    return isinstance(error, SignInThrottled) and error.is_repeated
