"""Portal passwords: argon2id, in a thread, and as slow for an account that there is not.

argon2-cffi's own parameters (RFC 9106, low memory): 64 MiB and some 30 ms on one core, so a few at
once are let through and the others wait.
"""

from __future__ import annotations

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from warehouse.errors import AccountRefused

SHORTEST = 12
LONGEST = 256
AT_ONCE = 4

_hasher = PasswordHasher()


class Passwords:
    """Hashes and verifies; one per process, since it limits what runs at once."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """Return the hash to store of a new password.

        Raises:
            AccountRefused: if it is too short or too long.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise AccountRefused(
                f"A password has {SHORTEST} to {LONGEST} characters.", code="password_unfit"
            )
        async with self._slots:
            return await asyncio.to_thread(_hasher.hash, password)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Say whether a password is the right one; it never is where there is no hash."""
        async with self._slots:
            return await asyncio.to_thread(_verify, password, password_hash)

    @staticmethod
    def is_outdated(password_hash: str) -> bool:
        """Say whether a hash was made with weaker parameters than today's."""
        return _hasher.check_needs_rehash(password_hash)


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        _hasher.verify(_hash_of_nobody() if password_hash is None else password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash("the password of nobody")
