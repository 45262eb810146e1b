"""Who is shut out stays out, also who was coming in just then; a proof opens no other's link."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.warehouse.accounts.test_identity import (
    CREATION,
    FakeSnapshot,
    World,
    add_asha,
    asha_of,
    opened,
    proofs,
)
from warehouse.access.snapshot import User
from warehouse.accounts.audit import AuditTrail, Client
from warehouse.accounts.identity import REMEMBERED_S
from warehouse.accounts.links import link_user, unlink
from warehouse.accounts.passwords import Passwords
from warehouse.accounts.proof import ErpUser
from warehouse.accounts.register import (
    disable_account,
    enable_account,
    get_account,
    renew_hash,
    set_password_hash,
)
from warehouse.accounts.sign_in import Entrance
from warehouse.accounts.tokens import add_token
from warehouse.documents.accounts import Account, Proof
from warehouse.errors import AccountRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.usefixtures("database")

EVE = ErpUser("d", "eve@d.example", CREATION)
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return World()


async def change_password(account: Account) -> None:
    assert await set_password_hash(account, "another")


async def close_and_open_again(account: Account) -> None:
    await disable_account(account)
    await enable_account(account)


@pytest.mark.parametrize("shut_out", [change_password, close_and_open_again])
async def test_what_is_made_for_who_was_shut_out_meanwhile_opens_nothing(
    world: World, shut_out: Callable[[Account], Awaitable[None]]
):
    account = await add_asha()
    await shut_out(account)
    cookie, _ = await world.identities.open(account, None)
    _, token = await add_token(account, "script", None, 1, world.now)
    assert await world.identities.of_cookie(cookie) is None
    assert await world.identities.of_token(token) is None


async def test_who_comes_in_afterwards_is_in(world: World):
    await change_password(await add_asha())
    account = await get_account("asha")
    cookie, _ = await world.identities.open(account, None)
    assert opened(await world.identities.of_cookie(cookie)) == {"a", "b", "c", "d"}


async def test_a_password_that_was_changed_meanwhile_is_not_brought_back():
    account = await add_asha()
    await change_password(account)
    await renew_hash(account, "the old one, hashed anew")
    assert await set_password_hash(account, "of who knew the old one") is None
    assert (await get_account("asha")).password_hash == "another"


async def test_the_old_password_changes_nothing_once_there_is_a_new_one():
    account, passwords = await add_asha(), Passwords()
    account = await set_password_hash(account, await passwords.hash("the old password"))
    assert account
    await change_password(account)
    entrance = Entrance({}, AuditTrail(), lambda: NOW)
    with pytest.raises(AccountRefused) as refused:
        await entrance.change_password(account, "the old password", "a newer password", Client())
    assert refused.value.code == "password_wrong"
    assert (await get_account("asha")).password_hash == "another"


async def test_a_proof_opens_no_link_to_another_user(world: World):
    account = await add_asha()
    await unlink(account.id, "d")
    await link_user(account.id, EVE, Proof.ADMINISTRATOR, NOW)
    world.snapshots["d"].users[EVE.name] = User(
        EVE.name, is_enabled=True, user_type="System User", creation=CREATION
    )
    cookie, caller = await world.identities.open(account, (EVE.as_proven(),))
    _, token = await add_token(account, "script", caller.proofs, 1, world.now)
    assert opened(caller) == {"d"}

    await unlink(account.id, "d")
    await link_user(account.id, asha_of("d"), Proof.ADMINISTRATOR, NOW)
    world.seconds += REMEMBERED_S
    assert opened(await world.identities.of_cookie(cookie)) == set()
    assert opened(await world.identities.of_token(token)) == set()


@pytest.mark.parametrize("how", ["unlinked", "disabled", "replaced", "unchecked"])
async def test_who_is_nobody_at_one_erp_opens_no_other_by_its_trust(world: World, how: str):
    account = await add_asha()
    [asha] = world.snapshots["a"].users.values()
    match how:
        case "unlinked":
            await unlink(account.id, "a")
        case "disabled":
            world.snapshots["a"] = FakeSnapshot({asha.name: replace(asha, is_enabled=False)})
        case "replaced":
            world.snapshots["a"] = FakeSnapshot({asha.name: replace(asha, creation="2026-11-26")})
        case "unchecked":
            del world.snapshots["a"]
    _, caller = await world.identities.open(account, proofs(("a",)))
    assert "b" not in opened(caller)
