"""Links: which ERPNext user an account is, on each instance, and whether that still holds.

A link is judged by the access snapshot in force: it dies when the user is disabled, renamed, gone
or another one of the same name, and comes back with the user. A sign-in opens the instances that it
proves and those of their trust groups; only the portal's own password opens all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

from warehouse.accounts.proof import SYSTEM_USER
from warehouse.documents.accounts import Link, Proof, ProvenUser
from warehouse.errors import AccessSnapshotStale, AccountRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from warehouse.access.snapshot import User
    from warehouse.access.snapshots import Snapshots
    from warehouse.accounts.proof import ErpUser
    from warehouse.settings import ErpInstance


class LinkState(StrEnum):
    """Whether a link opens its instance.

    `unchecked`: there is no valid snapshot to judge by, and so no document is shown either.
    """

    ALIVE = "alive"
    UNCHECKED = "unchecked"
    USER_UNKNOWN = "user_unknown"
    USER_REPLACED = "user_replaced"
    USER_DISABLED = "user_disabled"
    USER_UNFIT = "user_unfit"
    INSTANCE_UNKNOWN = "instance_unknown"

    @property
    def opens(self) -> bool:
        """Whether reads may be made as the link's user; without a snapshot they are refused."""
        return self in (LinkState.ALIVE, LinkState.UNCHECKED)


@dataclass(frozen=True, slots=True)
class JudgedLink:
    """A link with its state; `is_open`: it holds, and the session or token opens it."""

    link: Link
    state: LinkState
    is_open: bool


def judge_link(link: Link, user: User | None) -> LinkState:
    """Return what a snapshot's `user` of the link's name, or None, makes of a link."""
    if user is None:
        return LinkState.USER_UNKNOWN
    if user.creation != link.erp_creation:
        return LinkState.USER_REPLACED
    if not user.is_enabled:
        return LinkState.USER_DISABLED
    return LinkState.ALIVE if user.user_type == SYSTEM_USER else LinkState.USER_UNFIT


def list_opened(erps: Mapping[str, ErpInstance], proven: Iterable[str]) -> frozenset[str]:
    """Return the instances that proofs at `proven` open: those, and their trust groups."""
    known = [erps[instance] for instance in proven if instance in erps]
    groups = {erp.trust_group for erp in known} - {None}
    trusting = {erp.instance for erp in erps.values() if erp.trust_group in groups}
    return frozenset({erp.instance for erp in known} | trusting)


async def judge_links(
    erps: Mapping[str, ErpInstance],
    snapshots: Snapshots,
    account: str,
    proofs: Iterable[ProvenUser] | None,
) -> list[JudgedLink]:
    """Return an account's links by instance, as whoever brings `proofs` (None: of all) has them.

    A proof counts while the account's link there is to the user that was proven. Those that trust
    the instance are opened by a link that lives: of one that nobody can judge it is not known.
    """
    links = await Link.find(Link.account == account).sort("instance").to_list()
    states = {link.instance: await _judge(erps, snapshots, link) for link in links}
    opened = frozenset(erps) if proofs is None else frozenset[str]()
    if proofs is not None:
        users = set(proofs)
        proven = {link.instance for link in links if _as_proven(link) in users}
        alive = {instance for instance in proven if states[instance] is LinkState.ALIVE}
        opened = list_opened(erps, alive) | proven
    return [
        JudgedLink(link, state, state.opens and link.instance in opened)
        for link in links
        for state in [states[link.instance]]
    ]


async def find_link(user: ErpUser) -> Link | None:
    """Return the link of an ERPNext user, whoever's it is; an earlier user's of that name, too."""
    return await Link.find_one(Link.instance == user.instance, Link.erp_user == user.name)


async def link_user(account: str, user: ErpUser, proof: Proof, now: datetime) -> Link:
    """Link an account to an ERPNext user; proving the same one again renews the proof.

    Raises:
        AccountRefused: if the account has another user there, or the user another account.
    """
    own = await Link.find_one(Link.account == account, Link.instance == user.instance)
    if own and (own.erp_user, own.erp_creation) != (user.name, user.creation):
        raise AccountRefused(
            f"The account is linked to another user of {user.instance}.",
            code="link_exists",
            cure="Remove that link first.",
        )
    if own:
        await own.set({Link.proof: proof, Link.proven_at: now})
        return own
    await _remove_link_of_earlier_user(user)
    link = Link(
        account=account,
        instance=user.instance,
        erp_user=user.name,
        erp_creation=user.creation,
        proof=proof,
        proven_at=now,
    )
    try:
        return await link.insert()
    except DuplicateKeyError:
        raise AccountRefused(
            f"This user of {user.instance} is linked to another account.",
            code="link_taken",
            cure="Remove the link there: sign in to that account, or ask an administrator.",
        ) from None


async def unlink(account: str, instance: str) -> bool:
    """Remove an account's link to an instance; say whether there was one."""
    result = await Link.get_pymongo_collection().delete_one(
        {"account": account, "instance": instance}
    )
    return bool(result.deleted_count)


def _as_proven(link: Link) -> ProvenUser:
    return ProvenUser(
        instance=link.instance, erp_user=link.erp_user, erp_creation=link.erp_creation
    )


async def _judge(erps: Mapping[str, ErpInstance], snapshots: Snapshots, link: Link) -> LinkState:
    if link.instance not in erps:
        return LinkState.INSTANCE_UNKNOWN
    try:
        snapshot = await snapshots.get(link.instance)
    except AccessSnapshotStale:
        return LinkState.UNCHECKED
    return judge_link(link, snapshot.user(link.erp_user))


async def _remove_link_of_earlier_user(user: ErpUser) -> None:
    """Remove the link of someone who had this user name before; it would never hold again."""
    await Link.get_pymongo_collection().delete_many(
        {
            "instance": user.instance,
            "erp_user": user.name,
            "erp_creation": {"$ne": user.creation},
        }
    )
