"""From a cookie or token to a subject: what it opens, how long, and how soon it is over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.accounts.test_links import ERPS
from warehouse.access.snapshot import User
from warehouse.accounts import identity
from warehouse.accounts.identity import REMEMBERED_S, Caller, Identities
from warehouse.accounts.links import link_user
from warehouse.accounts.proof import ErpUser
from warehouse.accounts.register import add_account, disable_account, set_password_hash
from warehouse.accounts.secrets import SessionKey, digest_token
from warehouse.accounts.sessions import IDLE, LONGEST, find_session
from warehouse.accounts.tokens import add_token
from warehouse.documents.accounts import AccessToken, Account, Proof, ProvenUser, Session
from warehouse.errors import AccessSnapshotStale

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY = SessionKey("a secret key of the tests")
CREATION = "2026-01-01 10:00:00"
pytestmark = pytest.mark.usefixtures("database")


@dataclass
class FakeSnapshot:
    """The users of one instance, as a snapshot in force gives them."""

    users: dict[str, User]

    def user(self, name: str) -> User | None:
        return self.users.get(name)


@dataclass
class World:
    """Accounts and clocks of one test."""

    now: datetime = datetime(2026, 11, 26, 9, tzinfo=UTC)
    seconds: float = 0.0
    snapshots: dict[str, FakeSnapshot] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.identities = self.other_process()
        for instance in ERPS:
            user = User(
                f"asha@{instance}.example",
                is_enabled=True,
                user_type="System User",
                creation=CREATION,
            )
            self.snapshots[instance] = FakeSnapshot({user.name: user})

    async def get(self, instance: str) -> Any:
        """As `Snapshots.get`."""
        if instance not in self.snapshots:
            raise AccessSnapshotStale(instance)
        return self.snapshots[instance]

    def other_process(self) -> Identities:
        return Identities(ERPS, self, KEY, lambda: self.now, lambda: self.seconds)  # type: ignore[arg-type]

    def pass_time(self, passed: timedelta) -> None:
        self.now += passed
        self.seconds += passed.total_seconds()


@pytest.fixture
def world() -> World:
    return World()


async def add_asha(*, is_operator: bool = False) -> Account:
    """An account with a link on each instance."""
    account = await add_account("asha", datetime(2026, 1, 1, tzinfo=UTC), is_operator=is_operator)
    for instance in ERPS:
        user = asha_of(instance)
        await link_user(account.id, user, Proof.ADMINISTRATOR, account.created_at)
    return account


def asha_of(instance: str) -> ErpUser:
    return ErpUser(instance, f"asha@{instance}.example", CREATION)


def proofs(instances: Iterable[str] | None) -> tuple[ProvenUser, ...] | None:
    """What a session keeps of Asha's passwords there; None: of the portal's."""
    if instances is None:
        return None
    return tuple(asha_of(instance).as_proven() for instance in instances)


def opened(caller: Caller | None) -> set[str]:
    assert caller
    return set(caller.subject.users)


@pytest.mark.parametrize(
    ("proven", "instances"),
    [(None, {"a", "b", "c", "d"}), (("a",), {"a", "b"}), (("d",), {"d"}), ((), set())],
)
async def test_a_session_opens_what_its_proof_opens(
    world: World, proven: tuple[str, ...] | None, instances: set[str]
):
    account = await add_asha()
    cookie, caller = await world.identities.open(account, proofs(proven))
    found = await world.identities.of_cookie(cookie)
    assert opened(caller) == opened(found) == instances
    assert all(user == f"asha@{erp}.example" for erp, user in caller.subject.users.items())
    assert caller.subject.key == account.id


async def test_only_the_portal_password_makes_an_operator(world: World):
    account = await add_asha(is_operator=True)
    _, by_portal = await world.identities.open(account, None)
    _, by_erp = await world.identities.open(account, proofs(("a",)))
    assert by_portal.subject.is_operator
    assert not by_erp.subject.is_operator


async def test_a_token_opens_what_the_session_opened_that_made_it(world: World):
    account = await add_asha(is_operator=True)
    _, token = await add_token(account, "script", proofs(("d",)), 1, world.now)
    caller = await world.identities.of_token(token)
    assert opened(caller) == {"d"}
    assert caller
    assert not caller.subject.is_operator


async def test_a_session_ends_after_two_hours_without_a_request(world: World):
    cookie, _ = await world.identities.open(await add_asha(), None)
    for _ in range(3):
        world.pass_time(IDLE - timedelta(minutes=1))
        assert await world.identities.of_cookie(cookie)
    world.pass_time(IDLE)
    assert await world.identities.of_cookie(cookie) is None


async def test_a_session_ends_after_a_working_day_however_busy(world: World):
    cookie, _ = await world.identities.open(await add_asha(), None)
    step = timedelta(minutes=30)
    for _ in range(LONGEST // step - 1):
        world.pass_time(step)
        assert await world.identities.of_cookie(cookie)
    world.pass_time(step)
    assert await world.identities.of_cookie(cookie) is None


async def test_a_token_ends_on_its_day(world: World):
    account = await add_asha()
    _, token = await add_token(account, "script", None, 1, world.now)
    world.pass_time(timedelta(hours=23))
    assert await world.identities.of_token(token)
    world.pass_time(timedelta(hours=1))
    assert await world.identities.of_token(token) is None


async def test_signing_out_works_at_once_here_and_within_a_second_elsewhere(world: World):
    cookie, caller = await world.identities.open(await add_asha(), None)
    elsewhere = world.other_process()
    assert await elsewhere.of_cookie(cookie)
    assert await world.identities.of_cookie(cookie)
    await world.identities.close(caller)
    assert await world.identities.of_cookie(cookie) is None
    assert await elsewhere.of_cookie(cookie)
    world.seconds += REMEMBERED_S
    assert await elsewhere.of_cookie(cookie) is None


async def test_those_who_come_at_once_wait_for_one_look_up(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    cookie, _ = await world.identities.open(await add_asha(), None)
    asked = count_calls(monkeypatch, "find_session")
    callers = await asyncio.gather(*(world.identities.of_cookie(cookie) for _ in range(16)))
    assert all(callers)
    assert len(asked) == 1


async def test_what_was_looked_up_before_a_change_is_not_remembered_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    account = await add_asha()
    cookie, _ = await world.identities.open(account, None)
    answered, go_on = asyncio.Event(), asyncio.Event()

    async def find_slowly(digest: str, now: datetime) -> Session | None:
        session = await find_session(digest, now)
        answered.set()
        await go_on.wait()
        return session

    monkeypatch.setattr(identity, "find_session", find_slowly)
    asking = asyncio.create_task(world.identities.of_cookie(cookie))
    await answered.wait()
    await Session.find(Session.account == account.id).delete()
    world.identities.forget(account.id)
    go_on.set()
    await asking
    assert await world.identities.of_cookie(cookie) is None


def count_calls(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Any]:
    """Note the calls of a function of `identity`."""
    calls: list[Any] = []
    function = getattr(identity, name)

    async def noting(*args: Any) -> Any:
        calls.append(args)
        return await function(*args)

    monkeypatch.setattr(identity, name, noting)
    return calls


@pytest.mark.parametrize("how", ["disabled", "password", "deleted"])
async def test_what_shuts_an_account_out_ends_sessions_and_tokens(world: World, how: str):
    account = await add_asha()
    cookie, _ = await world.identities.open(account, None)
    _, token = await add_token(account, "script", None, 1, world.now)
    match how:
        case "disabled":
            await disable_account(account)
        case "password":
            await set_password_hash(account, "another")
        case "deleted":
            await account.delete()
    world.seconds += REMEMBERED_S
    assert await world.identities.of_cookie(cookie) is None
    assert await world.identities.of_token(token) is None


@pytest.mark.parametrize(
    "user",
    [
        None,
        User("asha@a.example", is_enabled=False, user_type="System User", creation=CREATION),
        User(
            "asha@a.example",
            is_enabled=True,
            user_type="System User",
            creation="2026-06-01 10:00:00",
        ),
        User("asha@a.example", is_enabled=True, user_type="Website User", creation=CREATION),
    ],
)
async def test_a_link_dies_with_the_next_snapshot_and_the_others_live_on(
    world: World, user: User | None
):
    cookie, _ = await world.identities.open(await add_asha(), None)
    world.snapshots["a"] = FakeSnapshot({} if user is None else {user.name: user})
    world.seconds += REMEMBERED_S
    assert opened(await world.identities.of_cookie(cookie)) == {"b", "c", "d"}


async def test_without_a_valid_snapshot_a_link_is_left_to_the_reads_which_refuse(world: World):
    cookie, _ = await world.identities.open(await add_asha(), None)
    del world.snapshots["a"]
    world.seconds += REMEMBERED_S
    caller = await world.identities.of_cookie(cookie)
    assert opened(caller) == {"a", "b", "c", "d"}
    assert caller
    assert [one.state.value for one in caller.links] == ["unchecked", *["alive"] * 3]


async def test_a_link_that_could_not_be_judged_is_judged_by_the_first_snapshot_there_is(
    world: World,
):
    cookie, _ = await world.identities.open(await add_asha(), None)
    [asha] = world.snapshots["a"].users.values()
    del world.snapshots["a"]
    world.seconds += REMEMBERED_S
    assert "a" in opened(await world.identities.of_cookie(cookie))
    for other in (replace(asha, creation="2026-11-26"), replace(asha, user_type="Website User")):
        world.snapshots["a"] = FakeSnapshot({asha.name: other})
        assert "a" not in opened(await world.identities.of_cookie(cookie))
        del world.snapshots["a"]
        world.seconds += REMEMBERED_S
        await world.identities.of_cookie(cookie)


async def test_a_session_is_widened_by_a_proof_and_no_other_is(world: World):
    account = await add_asha()
    cookie, caller = await world.identities.open(account, proofs(("d",)))
    other, _ = await world.identities.open(account, proofs(("d",)))
    assert opened(await world.identities.widen(caller, asha_of("c"))) == {"c", "d"}
    assert opened(await world.identities.of_cookie(cookie)) == {"c", "d"}
    assert opened(await world.identities.of_cookie(other)) == {"d"}


async def test_what_is_stored_opens_nothing(world: World):
    account = await add_asha()
    cookie, caller = await world.identities.open(account, None)
    _, token = await add_token(account, "script", None, 1, world.now)
    sessions = await Session.get_pymongo_collection().find().to_list()
    tokens = await AccessToken.get_pymongo_collection().find().to_list()
    assert cookie not in str(sessions)
    assert token not in str(tokens)
    assert await world.identities.of_cookie(caller.id) is None
    assert await world.identities.of_token(f"csa_{digest_token(token)}") is None
