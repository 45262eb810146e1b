"""What sessions and tokens are known by: random, shown once, and kept as a digest.

A session's digest is keyed with CSA_SECRET_KEY: who can write to MongoDB can make no session, and
a new key ends them all. A token's is not, since `csa user token` makes tokens without the key; 256
random bits need no salt.
"""

from __future__ import annotations

import hashlib
import re
import secrets

TOKEN_PREFIX = "csa_"  # noqa: S105 - by which scanners find one that was published
_BYTES = 32
_SESSION = re.compile(r"[A-Za-z0-9_-]{43}")
_TOKEN = re.compile(rf"{TOKEN_PREFIX}[A-Za-z0-9_-]{{43}}")


class SessionKey:
    """Turns what a cookie holds into a session's `_id`."""

    def __init__(self, secret_key: str) -> None:
        self._key = hashlib.blake2b(secret_key.encode("utf-8"), person=b"csa-session").digest()

    def digest(self, cookie: str) -> str | None:
        """Return the digest of a cookie's value, or None if no session has such a one."""
        if not _SESSION.fullmatch(cookie):
            return None
        return hashlib.blake2b(cookie.encode("ascii"), key=self._key, digest_size=32).hexdigest()


def make_session_cookie() -> str:
    """Return a new value for a session's cookie."""
    return secrets.token_urlsafe(_BYTES)


def make_token() -> str:
    """Return a new personal access token."""
    return TOKEN_PREFIX + secrets.token_urlsafe(_BYTES)


def digest_token(token: str) -> str | None:
    """Return the digest of a token, or None if it can't be one."""
    if not _TOKEN.fullmatch(token):
        return None
    return hashlib.blake2b(token.encode("ascii"), digest_size=32).hexdigest()


def make_id() -> str:
    """Return a new id that tells nothing."""
    return secrets.token_hex(8)
