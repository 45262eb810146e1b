"""The key of identities is made once, whoever asks, and nothing but its own collection holds it."""

from __future__ import annotations

import asyncio

from warehouse.documents.identity_key import IdentityKey, read_identity_key


async def test_whoever_asks_at_the_same_time_gets_the_one_key(database):
    keys = await asyncio.gather(*(read_identity_key() for _ in range(20)))
    assert len({*keys}) == 1
    assert len(keys[0]) == 32
    assert await read_identity_key() == keys[0]
    assert await IdentityKey.count() == 1


async def test_the_key_is_not_in_what_is_printed(database):
    key = await read_identity_key()
    assert key.hex() not in repr(await IdentityKey.get("identities"))
