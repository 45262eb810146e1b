"""Portal passwords: hashed with argon2id, and as slow for an account that there is not."""

from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher

from warehouse.accounts.passwords import Passwords
from warehouse.errors import AccountRefused

RIGHT = "a long enough password"


async def test_the_right_password_passes_and_no_other():
    passwords = Passwords()
    password_hash = await passwords.hash(RIGHT)
    assert password_hash.startswith("$argon2id$")
    assert RIGHT not in password_hash
    assert await passwords.verify(RIGHT, password_hash)
    assert not await passwords.verify(f"{RIGHT} ", password_hash)
    assert not await passwords.verify(RIGHT, None)
    assert not await passwords.verify(RIGHT, "no hash at all")


async def test_the_password_of_nobody_opens_nothing():
    assert not await Passwords().verify("the password of nobody", None)


@pytest.mark.parametrize("unfit", ["", "elevenchars", "x" * 257])
async def test_a_short_or_endless_password_is_refused(unfit: str):
    with pytest.raises(AccountRefused) as refused:
        await Passwords().hash(unfit)
    assert refused.value.code == "password_unfit"


async def test_an_unknown_account_costs_as_much_work_as_a_known_one():
    passwords = Passwords()
    password_hash = await passwords.hash(RIGHT)
    await passwords.verify(RIGHT, None)

    async def work_s(stored: str | None) -> float:
        started = time.process_time()
        for _ in range(5):
            await passwords.verify("wrong", stored)
        return time.process_time() - started

    ratio = await work_s(None) / await work_s(password_hash)
    assert 0.5 < ratio < 2.0


def test_a_hash_of_weaker_parameters_is_outdated():
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(RIGHT)
    assert Passwords.is_outdated(weak)
    assert not Passwords.is_outdated(PasswordHasher().hash(RIGHT))
