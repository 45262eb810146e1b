"""Who calls: from a session's cookie or a token to the subject of reads.

An answer is remembered for a second, so that a page costs no look-up; those who come meanwhile wait
for the one that is on its way. What this process ends ends at once; what another process or the
command line ends, within that second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING

from warehouse.accounts.links import JudgedLink, LinkState, judge_links
from warehouse.accounts.secrets import SessionKey, digest_token, make_session_cookie
from warehouse.accounts.sessions import add_proof, close_session, find_session, open_session
from warehouse.accounts.tokens import find_token
from warehouse.documents.accounts import AccessToken, Account, ProvenUser, Session
from warehouse.errors import SignInRefused
from warehouse.reading.subject import Subject
from warehouse.sharing import Sharing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from warehouse.access.snapshots import Snapshots
    from warehouse.accounts.proof import ErpUser
    from warehouse.settings import ErpInstance

REMEMBERED_S = 1.0
MOST_REMEMBERED = 10_000


class Means(StrEnum):
    """By what somebody is known."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - a word


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls and by what.

    `id`: the session's digest or the token's id. `proofs`: the ERPNext users whose password was
    proven; None opens every link. `links`: all of the account's, the open ones among them.
    """

    subject: Subject
    account: Account
    means: Means
    id: str
    proofs: tuple[ProvenUser, ...] | None
    expires_at: datetime
    links: tuple[JudgedLink, ...]

    @property
    def is_judged(self) -> bool:
        """Whether each link was judged: who was not is looked up again by the next snapshot."""
        return all(one.state is not LinkState.UNCHECKED for one in self.links)

    def covers(self, instance: str) -> bool:
        """Say whether what the caller proved opens an instance."""
        return self.proofs is None or any(
            one.is_open for one in self.links if one.link.instance == instance
        )


class Identities:
    """Finds callers; one per process."""

    def __init__(
        self,
        erps: Mapping[str, ErpInstance],
        snapshots: Snapshots,
        session_key: SessionKey,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self._erps = erps
        self._snapshots = snapshots
        self._session_key = session_key
        self._clock = clock
        self._now_s = now_s
        self._known: dict[str, tuple[float, Caller]] = {}
        self._asking: Sharing[str, Caller | None] = Sharing()
        self._changes = 0

    async def of_cookie(self, cookie: str) -> Caller | None:
        """Return the caller whose session a cookie's value is, if it is one's."""
        digest = self._session_key.digest(cookie)
        return None if digest is None else await self._find(Means.SESSION, digest)

    async def of_token(self, token: str) -> Caller | None:
        """Return the caller whose personal access token this is, if it is one's."""
        digest = digest_token(token)
        return None if digest is None else await self._find(Means.TOKEN, digest)

    async def open(
        self, account: Account, proofs: tuple[ProvenUser, ...] | None
    ) -> tuple[str, Caller]:
        """Open a session; return the value of its cookie, new each time, and the caller."""
        cookie = make_session_cookie()
        digest = str(self._session_key.digest(cookie))
        session = await open_session(digest, account, proofs, self._clock())
        return cookie, await self._describe(Means.SESSION, session, account)

    async def close(self, caller: Caller) -> None:
        """End a caller's session."""
        if caller.means is Means.SESSION:
            await close_session(caller.id)
        self.forget(caller.account.id)

    async def widen(self, caller: Caller, user: ErpUser) -> Caller:
        """Let a caller's session open what was just proven."""
        await add_proof(caller.id, user.as_proven())
        self.forget(caller.account.id)
        widened = await self._find(Means.SESSION, caller.id)
        if widened is None:
            raise SignInRefused
        return widened

    def forget(self, account: str) -> None:
        """Look an account's sessions and tokens up anew: something of it has changed."""
        self._changes += 1
        self._asking.begin_anew()
        of_account = [
            key for key, (_, caller) in self._known.items() if caller.account.id == account
        ]
        for key in of_account:
            del self._known[key]

    async def _find(self, means: Means, digest: str) -> Caller | None:
        if (caller := self._recall(digest)) is not None:
            return caller
        return await self._asking.ask(digest, lambda: self._look_up(means, digest))

    def _recall(self, digest: str) -> Caller | None:
        until, caller = self._known.get(digest, (0.0, None))
        if caller is not None and self._now_s() < until and self._clock() < caller.expires_at:
            return caller
        self._known.pop(digest, None)
        return None

    async def _look_up(self, means: Means, digest: str) -> Caller | None:
        until, changes = self._now_s() + REMEMBERED_S, self._changes
        find = find_session if means is Means.SESSION else find_token
        found = await find(digest, self._clock())
        caller = None if found is None else await self._identify(means, found)
        if caller is not None and caller.is_judged and changes == self._changes:
            self._remember(digest, until, caller)
        return caller

    async def _identify(self, means: Means, found: Session | AccessToken) -> Caller | None:
        account = await Account.get(found.account)
        if account is None or account.is_disabled or found.generation != account.generation:
            return None
        return await self._describe(means, found, account)

    async def _describe(
        self, means: Means, found: Session | AccessToken, account: Account
    ) -> Caller:
        links = await judge_links(self._erps, self._snapshots, account.id, found.proofs)
        users = {one.link.instance: one.link.erp_user for one in links if one.is_open}
        # Whoever resets a password at one ERP must not see how the others do.
        is_operator = account.is_operator and found.proofs is None
        return Caller(
            subject=Subject(account.id, MappingProxyType(users), is_operator=is_operator),
            account=account,
            means=means,
            id=found.id,
            proofs=None if found.proofs is None else tuple(found.proofs),
            expires_at=found.expires_at,
            links=tuple(links),
        )

    def _remember(self, digest: str, until: float, caller: Caller) -> None:
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[digest] = (until, caller)
