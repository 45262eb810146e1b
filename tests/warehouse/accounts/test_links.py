"""Links: whom an account is linked to, whether that holds, and what a proof opens."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from warehouse.access.snapshot import User
from warehouse.accounts.links import LinkState, judge_link, link_user, list_opened, unlink
from warehouse.accounts.proof import ErpUser
from warehouse.documents.accounts import Link, Proof
from warehouse.errors import AccountRefused
from warehouse.settings import ErpInstance

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
ASHA = ErpUser("a", "asha@a.example", "2026-01-01 10:00:00.000001")


def erp(instance: str, trust_group: str | None = None) -> ErpInstance:
    return ErpInstance(
        instance=instance,
        url="http://127.0.0.1:9",
        api_key=SecretStr("key"),
        api_secret=SecretStr("secret"),
        trust_group=trust_group,
    )


ERPS = {
    one.instance: one for one in (erp("a", "east"), erp("b", "east"), erp("c", "west"), erp("d"))
}


async def link(account: str = "one", user: ErpUser = ASHA) -> Link:
    return await link_user(account, user, Proof.PASSWORD, NOW)


@pytest.mark.parametrize(
    ("proven", "opened"),
    [
        ([], set()),
        (["a"], {"a", "b"}),
        (["c"], {"c"}),
        (["d"], {"d"}),
        (["a", "d"], {"a", "b", "d"}),
        (["gone"], set()),
    ],
)
def test_a_proof_opens_its_instance_and_those_of_its_trust_group(
    proven: list[str], opened: set[str]
):
    assert list_opened(ERPS, proven) == opened


@pytest.mark.parametrize(
    ("user", "state"),
    [
        (
            User(ASHA.name, is_enabled=True, user_type="System User", creation=ASHA.creation),
            LinkState.ALIVE,
        ),
        (None, LinkState.USER_UNKNOWN),
        (
            User(ASHA.name, is_enabled=False, user_type="System User", creation=ASHA.creation),
            LinkState.USER_DISABLED,
        ),
        (
            User(ASHA.name, is_enabled=True, user_type="Website User", creation=ASHA.creation),
            LinkState.USER_UNFIT,
        ),
        (
            User(
                ASHA.name, is_enabled=True, user_type="System User", creation="2026-06-01 10:00:00"
            ),
            LinkState.USER_REPLACED,
        ),
        (
            User(
                ASHA.name, is_enabled=False, user_type="System User", creation="2026-06-01 10:00:00"
            ),
            LinkState.USER_REPLACED,
        ),
    ],
)
@pytest.mark.usefixtures("database")
async def test_a_link_holds_for_the_very_user_while_they_are_enabled(
    user: User | None, state: LinkState
):
    assert judge_link(await link(), user) is state
    assert state.opens == (state is LinkState.ALIVE)


@pytest.mark.usefixtures("database")
async def test_proving_the_same_user_again_renews_the_proof():
    await link_user("one", ASHA, Proof.ADMINISTRATOR, NOW)
    again = await link()
    assert again.proof is Proof.PASSWORD
    assert await Link.find_all().count() == 1


@pytest.mark.usefixtures("database")
async def test_an_erpnext_user_belongs_to_one_account():
    await link("one")
    with pytest.raises(AccountRefused) as refused:
        await link("two")
    assert refused.value.code == "link_taken"
    assert await unlink("one", "a")
    await link("two")


@pytest.mark.usefixtures("database")
async def test_an_account_has_one_user_on_each_instance():
    await link()
    with pytest.raises(AccountRefused) as refused:
        await link(user=ErpUser("a", "ravi@a.example", ASHA.creation))
    assert refused.value.code == "link_exists"


@pytest.mark.usefixtures("database")
async def test_a_user_name_given_to_someone_else_takes_the_dead_link_away():
    await link("one")
    await link("two", ErpUser("a", ASHA.name, "2026-06-01 10:00:00"))
    assert [one.account for one in await Link.find_all().to_list()] == ["two"]


@pytest.mark.usefixtures("database")
async def test_the_old_account_is_not_passed_on_with_the_user_name():
    await link("one")
    with pytest.raises(AccountRefused) as refused:
        await link("one", ErpUser("a", ASHA.name, "2026-06-01 10:00:00"))
    assert refused.value.code == "link_exists"
