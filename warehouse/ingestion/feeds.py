"""What the ERP itself says of documents that left: its deletions and its renames.

`Deleted Document` has a row for each deletion by the API or the desk; a rename leaves a Comment on
the document under its new name. Both are hints: SQL leaves no trace, and a name may have a new
bearer by now. Read from the end of the last complete run on, less an overlap.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.erpnext.paging import earlier
from warehouse.erpnext.query import ListQuery
from warehouse.errors import ErpRejected
from warehouse.ingestion.inventory import OVERLAP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.erpnext.client import ErpClient

_RENAMED = re.compile(r"renamed from <strong>(.*?)</strong> to <strong>(.*?)</strong>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Deletion:
    """A document called `name` was deleted `at` (the site's own time, as received)."""

    name: str
    at: str


@dataclass(frozen=True, slots=True)
class Rename:
    """A document called `old` got the name `new` `at` (the site's own time, as received)."""

    old: str
    new: str
    at: str


@dataclass(slots=True)
class Feeds:
    """DocType → deletions and renames, in the order of time.

    `until`: the latest entry; the next run reads on from there.
    """

    deletions: dict[str, list[Deletion]] = field(default_factory=lambda: defaultdict(list))
    renames: dict[str, list[Rename]] = field(default_factory=lambda: defaultdict(list))
    until: str | None = None

    def names(self, doctype: str) -> set[str]:
        """Return the names of a DocType that are said to have left."""
        deleted = {deletion.name for deletion in self.deletions.get(doctype, ())}
        return deleted | {rename.old for rename in self.renames.get(doctype, ())}


async def read_feeds(client: ErpClient, since: str | None) -> Feeds:
    """Read both feeds from `since` on, less an overlap; one that the key may not read is empty."""
    feeds = Feeds(until=since)
    if since is None:
        return feeds
    after = ("creation", ">=", earlier(since, OVERLAP))
    for row in await _read(client, _deletions(after)):
        feeds.deletions[row["deleted_doctype"]].append(
            Deletion(str(row["deleted_name"]), row["creation"])
        )
        feeds.until = max(feeds.until or "", row["creation"])
    for row in await _read(client, _renames(after)):
        for old, new in parse_rename(row.get("content") or ""):
            rename = Rename(old, new, row["creation"])
            feeds.renames[row["reference_doctype"]].append(rename)
        feeds.until = max(feeds.until or "", row["creation"])
    return feeds


async def read_deletions(client: ErpClient, doctype: str, names: Sequence[str]) -> list[Deletion]:
    """Read what the feed says of `names` by now: the run has read it before they were missed."""
    query = ListQuery(
        "Deleted Document",
        ("deleted_name", "creation"),
        filters=(("deleted_doctype", "=", doctype), ("deleted_name", "in", list(names))),
        order_by="creation asc",
    )
    rows = await _read(client, query)
    return [Deletion(str(row["deleted_name"]), row["creation"]) for row in rows]


def parse_rename(content: str) -> list[tuple[str, str]]:
    """Return (old, new) of a rename's Comment: as written, and with HTML entities resolved."""
    found = _RENAMED.search(content)
    if not found:
        return []
    as_written = (found[1], found[2])
    resolved = (html.unescape(found[1]), html.unescape(found[2]))
    return [as_written] if as_written == resolved else [as_written, resolved]


async def _read(client: ErpClient, query: ListQuery) -> list[dict[str, Any]]:
    try:
        return await client.list_rows(query)
    except ErpRejected:
        return []


def _deletions(after: tuple[str, str, str]) -> ListQuery:
    return ListQuery(
        "Deleted Document",
        ("deleted_doctype", "deleted_name", "creation"),
        filters=(after,),
        order_by="creation asc",
    )


def _renames(after: tuple[str, str, str]) -> ListQuery:
    return ListQuery(
        "Comment",
        ("reference_doctype", "content", "creation"),
        filters=(
            after,
            ("comment_type", "=", "Edit"),
            ("content", "like", "renamed from%"),
        ),
        order_by="creation asc",
    )
