"""ETags of single documents: strong, so made of everything that the answer is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from warehouse.reading.doctypes import ServedDocType
    from warehouse.reading.documents import Row


def make_etag(row: Row, doctype: ServedDocType) -> str:
    """Return the ETag: the content, what is shown of it, when it was stored and when verified."""
    synced, verified = _stamp(row["synced_at"]), _stamp(doctype.verified_at)
    return f'"{row["content_hash"]}-{doctype.view.digest}-{synced}-{verified}"'


def is_known(etag: str, if_none_match: str | None) -> bool:
    """Say whether `If-None-Match` names `etag`, by RFC 9110's weak comparison."""
    if if_none_match is None:
        return False
    known = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return "*" in known or etag in known


def _stamp(moment: datetime | None) -> str:
    return f"{moment.timestamp() * 1000:.0f}" if moment else "0"
