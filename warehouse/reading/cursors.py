"""Cursors: where the next page begins, made here alone, and bound to the query that it continues.

Those of documents are signed: they hold what the page itself shows. Those of rows are sealed: the
key of a row may be made of fields that are hidden from whoever has the cursor.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from warehouse.errors import QueryRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGEST_BYTES, SEAL_BYTES = 16, 32
# The length of a key tells of what it is made of, too.
PADDED_BYTES = 512


class CursorSigner:
    """Makes cursors and reads them; whoever has not the key can do neither."""

    def __init__(self, secret_key: str) -> None:
        # The key is derived once, and then taken as it is: a quarter of the cost.
        derived = hashlib.blake2b(secret_key.encode("utf-8"), person=b"csa-list-cursor").digest()
        self._signer = Signer(derived, key_derivation="none", digest_method=hashlib.sha256)

    def make(self, query: Sequence[Any], values: Sequence[Any]) -> str:
        """Return the cursor of the page of `query` that follows the row with sort `values`."""
        return self._signer.sign(base64_encode(_encode(query, values))).decode("ascii")

    def read(self, query: Sequence[Any], cursor: str) -> list[Any]:
        """Return the sort values in a cursor.

        Raises:
            QueryRefused: if it was not made here, or for another query than `query`.
        """
        try:
            payload = self._signer.unsign(cursor.encode("ascii", "replace"))
        except BadData:
            raise _invalid() from None
        return _decode(query, base64_decode(payload))


class CursorSealer:
    """Makes cursors that only it can read, all of one length but for very long keys."""

    def __init__(self, secret_key: str) -> None:
        key = hashlib.blake2b(
            secret_key.encode("utf-8"), digest_size=SEAL_BYTES, person=b"csa-row-cursor"
        )
        self._fernet = Fernet(urlsafe_b64encode(key.digest()))

    def make(self, query: Sequence[Any], values: Sequence[Any]) -> str:
        """Return the cursor of the page of `query` that follows the row with sort `values`."""
        payload = _encode(query, values)
        padded = payload + b" " * (-len(payload) % PADDED_BYTES)
        return self._fernet.encrypt(padded).decode("ascii")

    def read(self, query: Sequence[Any], cursor: str) -> list[Any]:
        """Return the sort values in a cursor.

        Raises:
            QueryRefused: if it was not made here, or for another query than `query`.
        """
        try:
            payload = self._fernet.decrypt(cursor.encode("ascii", "replace"))
        except InvalidToken:
            raise _invalid() from None
        return _decode(query, payload)


def _encode(query: Sequence[Any], values: Sequence[Any]) -> bytes:
    # MongoDB's long integers come as a kind of int that msgspec does not know.
    return msgspec.json.encode((_digest(query), values), enc_hook=int)


def _decode(query: Sequence[Any], payload: bytes) -> list[Any]:
    digest, values = msgspec.json.decode(payload, type=tuple[str, list[Any]])
    if digest != _digest(query):
        raise QueryRefused(
            "The cursor belongs to another query.",
            cure="Keep filters, sort and fields, or start again without a cursor.",
            code="cursor_mismatch",
            parameter="cursor",
        )
    return values


def _invalid() -> QueryRefused:
    return QueryRefused(
        "The cursor is not one that this API has made.",
        cure="Use next_cursor of the page before as it is.",
        code="cursor_invalid",
        parameter="cursor",
    )


def _digest(query: Sequence[Any]) -> str:
    return hashlib.blake2b(msgspec.json.encode(query), digest_size=DIGEST_BYTES).hexdigest()
