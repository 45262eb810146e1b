"""Cursors: where the next page begins, signed, and bound to the query that it continues."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from itsdangerous import BadData, URLSafeSerializer

from warehouse.errors import QueryRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGEST_BYTES = 16


class CursorSigner:
    """Makes cursors and reads them; whoever has not the key can do neither."""

    def __init__(self, secret_key: str) -> None:
        self._serializer = URLSafeSerializer(
            secret_key,
            salt="warehouse.reading.cursor",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def make(self, query: Sequence[Any], values: Sequence[Any]) -> str:
        """Return the cursor of the page of `query` that follows the row with sort `values`."""
        cursor = self._serializer.dumps([_digest(query), list(values)])
        return cursor if isinstance(cursor, str) else cursor.decode("ascii")

    def read(self, query: Sequence[Any], cursor: str) -> list[Any]:
        """Return the sort values in a cursor.

        Raises:
            QueryRefused: if it was not made here, or for another query than `query`.
        """
        try:
            digest, values = self._serializer.loads(cursor)
        except BadData:
            raise QueryRefused(
                "The cursor is not one that this API has made.",
                cure="Use next_cursor of the page before as it is.",
                code="cursor_invalid",
                parameter="cursor",
            ) from None
        if digest != _digest(query):
            raise QueryRefused(
                "The cursor belongs to another query.",
                cure="Keep filters, sort and fields, or start again without a cursor.",
                code="cursor_mismatch",
                parameter="cursor",
            )
        found: list[Any] = values
        return found


def _digest(query: Sequence[Any]) -> str:
    canonical = json.dumps(query, separators=(",", ":"), ensure_ascii=True)
    return hashlib.blake2b(canonical.encode("ascii"), digest_size=DIGEST_BYTES).hexdigest()
