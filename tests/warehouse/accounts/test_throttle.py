"""Sign-ins are counted per account, address and instance, by all processes together."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from warehouse.accounts.throttle import (
    BY_ACCOUNT,
    BY_ADDRESS,
    BY_INSTANCE,
    BY_SITE,
    Attempt,
    give_back,
    take,
)
from warehouse.documents.accounts import SignInCount
from warehouse.errors import SignInThrottled

if TYPE_CHECKING:
    from collections.abc import Callable

# Ahead of the clock: MongoDB drops what has expired by its own.
NOW = datetime(2100, 11, 26, 9, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("database")


async def count_let_through(attempts: int, make: Callable[[int], Attempt]) -> int:
    """Try so often at once, and return how many an ERP would have seen."""

    async def is_let_through(number: int) -> bool:
        try:
            await take(make(number), NOW)
        except SignInThrottled:
            return False
        return True

    return sum(await asyncio.gather(*(is_let_through(number) for number in range(attempts))))


async def test_one_account_is_tried_from_many_addresses_so_often_and_no_more():
    asked = await count_let_through(30, lambda n: Attempt("asha", f"10.0.0.{n}", "a"))
    assert asked == BY_ACCOUNT.attempts


async def test_one_address_tries_many_accounts_so_often_and_no_more():
    asked = await count_let_through(30, lambda n: Attempt(f"user{n}", "10.0.0.1", "a"))
    assert asked == BY_ADDRESS.attempts


async def test_many_addresses_try_many_accounts_of_one_instance_so_often_and_no_more():
    asked = await count_let_through(90, lambda n: Attempt(f"user{n}", f"10.0.0.{n}", "a"))
    assert asked == BY_INSTANCE.attempts


@pytest.mark.parametrize("spelt", ["ASHA", " asha ", "ásha", "\uff21\uff53\uff48\uff41"])
async def test_names_that_erpnext_takes_for_the_same_are_counted_as_one(spelt: str):
    for number in range(BY_ACCOUNT.attempts):
        await take(Attempt("asha", f"10.0.0.{number}", "a"), NOW)
    with pytest.raises(SignInThrottled):
        await take(Attempt(spelt, "10.0.1.1", "a"), NOW)


async def test_a_subscriber_of_ipv6_is_one_address():
    asked = await count_let_through(30, lambda n: Attempt(f"user{n}", f"2001:db8:1:2::{n}", "a"))
    assert asked == BY_ADDRESS.attempts
    await take(Attempt("other", "2001:db8:1:3::1", "a"), NOW)


async def test_many_networks_of_one_ipv6_site_do_not_fill_an_instance():
    asked = await count_let_through(
        200, lambda n: Attempt(f"user{n}", f"2001:db8:1:{n % 20}::1", "a")
    )
    assert asked == BY_SITE.attempts < BY_INSTANCE.attempts
    await take(Attempt("other", "2001:db8:2::1", "a"), NOW)


async def test_only_the_first_that_is_refused_in_a_window_is_not_repeated():
    repeated = []
    for _ in range(BY_ACCOUNT.attempts + 3):
        try:
            await take(Attempt("asha", "10.0.0.1"), NOW)
        except SignInThrottled as refused:
            repeated.append(refused.is_repeated)
    assert repeated == [False, True, True]


async def test_an_account_of_one_instance_is_not_one_of_another():
    for _ in range(BY_ACCOUNT.attempts):
        await take(Attempt("asha", "10.0.0.1", "a"), NOW)
    await take(Attempt("asha", "10.0.0.2", "b"), NOW)
    await take(Attempt("asha", "10.0.0.2"), NOW)


async def test_an_address_that_is_stopped_locks_nobody_out():
    for number in range(4):
        await count_let_through(10, lambda n, number=number: Attempt(f"user{number}", "10.0.0.1"))
    asked = await count_let_through(10, lambda n: Attempt("user3", f"10.0.1.{n}"))
    assert asked == BY_ACCOUNT.attempts


async def test_a_flood_on_one_account_does_not_fill_its_instance():
    await count_let_through(200, lambda n: Attempt("asha", f"10.0.{n}.1", "a"))
    await take(Attempt("ravi", "10.0.199.1", "a"), NOW)
    rows = await SignInCount.find({"_id": {"$regex": "^instance"}}).to_list()
    assert [row.tried for row in rows] == [BY_ACCOUNT.attempts + 1]


async def test_the_window_ends_and_says_when():
    attempt = Attempt("asha", "10.0.0.1")
    for _ in range(BY_ACCOUNT.attempts):
        await take(attempt, NOW)
    later = NOW + timedelta(seconds=BY_ACCOUNT.window_s - 60)
    with pytest.raises(SignInThrottled) as refused:
        await take(attempt, later)
    assert refused.value.retry_after_s == 60
    await take(attempt, later + timedelta(seconds=60))


async def test_a_success_counts_in_nothing_but_takes_no_failure_back():
    attempt = Attempt("asha", "10.0.0.1", "a")
    for _ in range(BY_ACCOUNT.attempts - 1):
        await take(attempt, NOW)
    for _ in range(3):
        await take(attempt, NOW)
        await give_back(attempt)
    await take(attempt, NOW)
    with pytest.raises(SignInThrottled):
        await take(attempt, NOW)


async def test_neither_user_names_nor_addresses_are_kept():
    await take(Attempt("asha@site.example", "10.0.0.1", "a"), NOW)
    kept = str(await SignInCount.get_pymongo_collection().find().to_list())
    assert "asha" not in kept
    assert "10.0.0" not in kept
