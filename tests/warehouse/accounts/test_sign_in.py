"""Signing in and linking, against a sample site in this process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import SecretStr

from demo.site.app import create_app
from demo.site.auth import DEMO_KEY, DEMO_SECRET
from demo.site.logins import DEMO_PASSWORD
from demo.site.site import SampleSite
from tests.demo.conftest import order
from tests.demo.test_site_login import ASHA, GONE, RAVI, VISITOR
from tests.demo.test_site_login import dataset as users_of_site
from warehouse.accounts.administration import Administration
from warehouse.accounts.audit import AuditTrail, Client, read_audit
from warehouse.accounts.links import unlink
from warehouse.accounts.proof import ByKey, ByPassword
from warehouse.accounts.register import get_account
from warehouse.accounts.sign_in import Entrance, SignIn
from warehouse.documents.accounts import Account, Link, Proof
from warehouse.errors import AccountRefused, SignInRefused, SignInThrottled
from warehouse.settings import ErpInstance

if TYPE_CHECKING:
    from warehouse.accounts.sign_in import Opened

# Ahead of the clock: MongoDB drops what has expired by its own.
NOW = datetime(2100, 11, 26, 9, tzinfo=UTC)
HERE = Client("203.0.113.7", "request")
PORTAL = "the portal's own password"
pytestmark = pytest.mark.usefixtures("database")
dataset = users_of_site


@dataclass
class Door:
    """An entrance to one instance, `site`, which is a sample site in this process."""

    site: SampleSite

    def __post_init__(self) -> None:
        erp = ErpInstance(
            instance="site",
            url="http://127.0.0.1:9",
            api_key=SecretStr(DEMO_KEY),
            api_secret=SecretStr(DEMO_SECRET),
        )
        transport = httpx.ASGITransport(create_app(self.site))
        self.entrance = Entrance({"site": erp}, AuditTrail(lambda: NOW), lambda: NOW, transport)

    async def sign_in(
        self, username: str, password: str = DEMO_PASSWORD, instance: str | None = "site"
    ) -> Opened:
        return await self.entrance.sign_in(SignIn(username, password, instance), HERE)

    def asked(self, method: str) -> int:
        requests = self.site.control.stats.report()["requests"]
        return sum(one["requests"] for one in requests if one["method"] == method)


@pytest.fixture
def door(site: SampleSite) -> Door:
    return Door(site)


@pytest.fixture
def site(dataset: Any) -> SampleSite:
    return SampleSite(dataset)


async def add_account(name: str) -> Account:
    administration = Administration(NOW)
    await administration.add(name, is_operator=False)
    await administration.set_password(name, PORTAL)
    return await get_account(name)


async def test_the_first_sign_in_makes_the_account_and_the_next_finds_it(door: Door):
    first = await door.sign_in(ASHA.upper())
    assert first.proofs
    assert [proof.instance for proof in first.proofs] == ["site"]
    assert first.account.name == f"site/{ASHA}"
    assert first.account.password_hash is None
    again = await door.sign_in(ASHA)
    assert again.account.id == first.account.id
    link = await Link.find_one(Link.erp_user == ASHA)
    assert link
    assert link.proof is Proof.PASSWORD
    assert order(door.site, "sessions") == 0


async def test_two_first_sign_ins_at_once_make_one_account(door: Door):
    opened = await asyncio.gather(*(door.sign_in(ASHA) for _ in range(4)))
    assert len({one.account.id for one in opened}) == 1
    assert await Account.find_all().count() == 1


async def test_a_user_made_anew_under_the_same_name_gets_an_account_of_their_own(door: Door):
    first = await door.sign_in(ASHA)
    values = {"creation": "2026-06-01 00:00:00"}
    order(door.site, "edit", doctype="User", name=ASHA, values=values)
    second = await door.sign_in(ASHA)
    assert second.account.id != first.account.id
    assert second.account.name == f"site/{ASHA}#2"
    assert [one.account for one in await Link.find_all().to_list()] == [second.account.id]


@pytest.mark.parametrize(
    ("username", "password", "code"),
    [
        (ASHA, "wrong", "sign_in_failed"),
        ("nobody@site.example", DEMO_PASSWORD, "sign_in_failed"),
        (GONE, DEMO_PASSWORD, "sign_in_failed"),
        (VISITOR, DEMO_PASSWORD, "erp_user_unfit"),
    ],
)
async def test_who_is_not_let_in_gets_no_account(
    door: Door, username: str, password: str, code: str
):
    with pytest.raises(SignInRefused) as refused:
        await door.sign_in(username, password)
    assert refused.value.code == code
    assert await Account.find_all().count() == 0
    assert order(door.site, "sessions") == 0


@pytest.mark.parametrize("username", ["Administrator", " administrator ", "GUEST"])
async def test_nobodys_own_user_is_refused_before_the_erp_is_asked(door: Door, username: str):
    with pytest.raises(SignInRefused) as refused:
        await door.sign_in(username)
    assert refused.value.code == "erp_user_unfit"
    assert door.asked("login") == 0


async def test_an_unknown_instance_fails_as_a_wrong_password_does(door: Door):
    with pytest.raises(SignInRefused) as unknown:
        await door.sign_in(ASHA, instance="elsewhere")
    with pytest.raises(SignInRefused) as wrong:
        await door.sign_in(ASHA, "wrong")
    assert str(unknown.value) == str(wrong.value)


async def test_a_flood_is_stopped_wherever_it_goes_and_fills_no_audit(door: Door):
    for instance in ("elsewhere", "site", None):
        for number in range(20):
            with pytest.raises((SignInRefused, SignInThrottled)):
                await door.sign_in(f"user{number}", "wrong", instance)
    reasons = [one.reason for one in await read_audit(None, 100)]
    assert sorted(set(reasons)) == ["sign_in_failed", "sign_in_throttled"]
    assert (reasons.count("sign_in_failed"), reasons.count("sign_in_throttled")) == (10, 1)
    assert door.asked("login") == 0


async def test_the_portal_password_opens_all_links_and_asks_no_erp(door: Door):
    account = await add_account("asha")
    opened = await door.sign_in("Asha", PORTAL, instance=None)
    assert (opened.account.id, opened.proofs) == (account.id, None)
    assert door.site.control.stats.report()["total"] == 0


async def test_an_erpnext_password_is_none_of_the_portals_nor_the_other_way_round(door: Door):
    await add_account("asha")
    for username, password, instance in (
        ("asha", DEMO_PASSWORD, None),
        (ASHA, DEMO_PASSWORD, None),
        (ASHA, PORTAL, "site"),
    ):
        with pytest.raises(SignInRefused):
            await door.sign_in(username, password, instance)


async def test_a_disabled_account_fails_as_a_wrong_password_does(door: Door):
    opened = await door.sign_in(ASHA)
    await Administration(NOW).disable(opened.account.name)
    account = await add_account("ravi")
    await Administration(NOW).disable(account.name)
    for username, password, instance in ((ASHA, DEMO_PASSWORD, "site"), ("ravi", PORTAL, None)):
        with pytest.raises(SignInRefused) as refused:
            await door.sign_in(username, password, instance)
        assert refused.value.code == "sign_in_failed"


async def test_a_link_is_proven_by_password_or_by_ones_own_key(door: Door):
    account = await add_account("asha")
    await door.entrance.link(account, "site", ByPassword(ASHA, DEMO_PASSWORD), HERE)
    assert await unlink(account.id, "site")
    key = ByKey(f"key-of-{ASHA}", DEMO_PASSWORD)
    assert (await door.entrance.link(account, "site", key, HERE)).name == ASHA
    link = await Link.find_one(Link.account == account.id)
    assert link
    assert link.proof is Proof.API_KEY
    assert (await door.sign_in(ASHA)).account.id == account.id


async def test_the_key_of_a_disabled_user_still_works_in_erpnext_and_not_here(door: Door):
    account = await add_account("asha")
    with pytest.raises(SignInRefused) as refused:
        await door.entrance.link(account, "site", ByKey(f"key-of-{GONE}", DEMO_PASSWORD), HERE)
    assert refused.value.code == "erp_user_unfit"


async def test_someone_elses_user_is_not_linked_without_proof(door: Door):
    await door.sign_in(ASHA)
    account = await add_account("mallory")
    for proof in (ByPassword(ASHA, "wrong"), ByKey(f"key-of-{ASHA}", "wrong")):
        with pytest.raises(SignInRefused):
            await door.entrance.link(account, "site", proof, HERE)
    with pytest.raises(AccountRefused) as refused:
        await door.entrance.link(account, "site", ByPassword(ASHA, DEMO_PASSWORD), HERE)
    assert refused.value.code == "link_taken"


async def test_a_session_of_an_erpnext_password_can_set_no_portal_password(door: Door):
    opened = await door.sign_in(ASHA)
    with pytest.raises(AccountRefused) as refused:
        await door.entrance.change_password(opened.account, DEMO_PASSWORD, "x" * 20, HERE)
    assert refused.value.code == "password_unset"


async def test_the_portal_password_is_changed_with_the_current_one_only(door: Door):
    account = await add_account("asha")
    with pytest.raises(AccountRefused) as refused:
        await door.entrance.change_password(account, "wrong", "another password", HERE)
    assert refused.value.code == "password_wrong"
    await door.entrance.change_password(account, PORTAL, "another password", HERE)
    assert (await door.sign_in("asha", "another password", None)).account.id == account.id


async def test_the_current_password_can_not_be_guessed_by_changing_it(door: Door):
    account = await add_account("asha")
    for _ in range(5):
        with pytest.raises(AccountRefused):
            await door.entrance.change_password(account, "wrong", "another password", HERE)
    with pytest.raises(SignInThrottled):
        await door.entrance.change_password(account, PORTAL, "another password", HERE)


async def test_the_erp_is_asked_so_often_and_no_more(door: Door):
    for number in range(40):
        with pytest.raises((SignInRefused, SignInThrottled)):
            await door.sign_in(ASHA if number % 2 else RAVI, "wrong")
    assert door.asked("login") == 10
    with pytest.raises(SignInThrottled):
        await door.sign_in(ASHA)


async def test_the_audit_tells_who_came_in_and_who_failed_but_not_what_was_typed(door: Door):
    await door.sign_in(ASHA)
    await add_account("ravi")
    for username, instance in ((PORTAL, None), ("ravi", None), (DEMO_PASSWORD, "site")):
        with pytest.raises(SignInRefused):
            await door.sign_in(username, "typed-in-the-wrong-field", instance)
    entries = await read_audit(None, 100)
    failures = [one for one in entries if one.event == "sign_in_failed"]
    assert [one.account_name for one in failures] == [None, "ravi", None]
    assert {one.reason for one in failures} == {"sign_in_failed"}
    assert {one.address for one in failures} == {HERE.address}
    told = str([one.model_dump() for one in entries])
    for secret in (PORTAL, DEMO_PASSWORD, "typed-in", DEMO_KEY, DEMO_SECRET):
        assert secret not in told
