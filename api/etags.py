"""ETags of single documents: strong, so made of everything that the answer is made of.

They are keyed: the content's hash is of hidden fields, too, and plain it would let whoever sees the
other fields guess those.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from warehouse.reading.doctypes import ServedDocType
    from warehouse.reading.rows import Row

DIGEST_BYTES = 20


class Etags:
    """Makes ETags, which tell whoever has not the key no more than that something has changed."""

    def __init__(self, secret_key: str) -> None:
        self._key = hashlib.blake2b(secret_key.encode("utf-8"), person=b"csa-etag").digest()

    def make(self, row: Row, doctype: ServedDocType) -> str:
        """Return the ETag: the content, what is shown of it, when it was stored and verified."""
        synced, verified = _stamp(row["synced_at"]), _stamp(doctype.verified_at)
        made_of = f"{row['content_hash']}-{doctype.view.digest}-{synced}-{verified}"
        keyed = hashlib.blake2b(made_of.encode(), key=self._key, digest_size=DIGEST_BYTES)
        return f'"{keyed.hexdigest()}"'


def is_known(etag: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Say whether `If-None-Match` names `etag`, by RFC 9110's weak comparison."""
    sent = [value for name, value in headers if name == b"if-none-match"]
    if not sent:
        return False
    known = [one.strip().removeprefix(b"W/") for one in b",".join(sent).split(b",")]
    return b"*" in known or etag.encode("ascii") in known


def _stamp(moment: datetime | None) -> str:
    return f"{moment.timestamp() * 1000:.0f}" if moment else "0"
