"""Cursors: where the next page begins, signed, and bound to the query that it continues."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from warehouse.errors import QueryRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGEST_BYTES = 16


class CursorSigner:
    """Makes cursors and reads them; whoever has not the key can do neither."""

    def __init__(self, secret_key: str) -> None:
        # The key is derived once, and then taken as it is: a quarter of the cost.
        derived = hashlib.blake2b(secret_key.encode("utf-8"), person=b"csa-list-cursor").digest()
        self._signer = Signer(derived, key_derivation="none", digest_method=hashlib.sha256)

    def make(self, query: Sequence[Any], values: Sequence[Any]) -> str:
        """Return the cursor of the page of `query` that follows the row with sort `values`."""
        # MongoDB's long integers come as a kind of int that msgspec does not know.
        payload = msgspec.json.encode((_digest(query), values), enc_hook=int)
        return self._signer.sign(base64_encode(payload)).decode("ascii")

    def read(self, query: Sequence[Any], cursor: str) -> list[Any]:
        """Return the sort values in a cursor.

        Raises:
            QueryRefused: if it was not made here, or for another query than `query`.
        """
        try:
            payload = self._signer.unsign(cursor.encode("ascii", "replace"))
        except BadData:
            raise QueryRefused(
                "The cursor is not one that this API has made.",
                cure="Use next_cursor of the page before as it is.",
                code="cursor_invalid",
                parameter="cursor",
            ) from None
        digest, values = msgspec.json.decode(base64_decode(payload), type=tuple[str, list[Any]])
        if digest != _digest(query):
            raise QueryRefused(
                "The cursor belongs to another query.",
                cure="Keep filters, sort and fields, or start again without a cursor.",
                code="cursor_mismatch",
                parameter="cursor",
            )
        return values


def _digest(query: Sequence[Any]) -> str:
    return hashlib.blake2b(msgspec.json.encode(query), digest_size=DIGEST_BYTES).hexdigest()
