"""What the ERP itself says of documents that left: its deletions and its renames.

`Deleted Document` has a row for each deletion by the API or the desk; a rename leaves a Comment on
the document under its new name. Both are hints: SQL leaves no trace, and a name may have a new
bearer by now. Each is read from where the last complete run left it, less an overlap; one that
can't be read is told, and waits there.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.documents.control import Failure
from warehouse.erpnext.paging import earlier
from warehouse.erpnext.query import ListQuery
from warehouse.errors import ErpContractBroken, ErpInMaintenance, ErpRejected, ErpUnavailable
from warehouse.ingestion.inventory import OVERLAP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.erpnext.client import ErpClient
    from warehouse.errors import ErpError

DELETIONS, RENAMES = "Deleted Document", "Comment"
REFUSED = "feed_refused"
_FOUND_OTHERWISE = {
    DELETIONS: "deletions are found by inventory alone",
    RENAMES: "renames, and the links that they rewrite, are found by inventory alone",
}
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


@dataclass(frozen=True, slots=True)
class Followed:
    """Up to which entry each feed was followed (the site's own time): the next run reads on."""

    deletions: str
    renames: str


@dataclass(slots=True)
class Feeds:
    """DocType → deletions and renames, in the order of time.

    `until`: the latest entries. `unread`: the feeds that could not be read, and why.
    """

    deletions: dict[str, list[Deletion]] = field(default_factory=lambda: defaultdict(list))
    renames: dict[str, list[Rename]] = field(default_factory=lambda: defaultdict(list))
    until: Followed | None = None
    unread: dict[str, Failure] = field(default_factory=dict)

    @property
    def has_failed(self) -> bool:
        """Whether one could not be read for another reason than a right that the key lacks."""
        return any(failure.code != REFUSED for failure in self.unread.values())

    def names(self, doctype: str) -> set[str]:
        """Return the names of a DocType that are said to have left."""
        deleted = {deletion.name for deletion in self.deletions.get(doctype, ())}
        return deleted | {rename.old for rename in self.renames.get(doctype, ())}


async def read_feeds(client: ErpClient, since: Followed) -> Feeds:
    """Read both feeds from `since` on, less an overlap.

    Raises:
        ErpThrottled, ErpInMaintenance, ErpUnauthorized: the instance can't go on.
    """
    feeds = Feeds()
    deleted = await _read(client, _deletions(since.deletions), feeds)
    for row in deleted:
        deletion = Deletion(str(row["deleted_name"]), row["creation"])
        feeds.deletions[row["deleted_doctype"]].append(deletion)
    renamed = await _read(client, _renames(since.renames), feeds)
    for row in renamed:
        for old, new in parse_rename(row.get("content") or ""):
            feeds.renames[row["reference_doctype"]].append(Rename(old, new, row["creation"]))
    feeds.until = Followed(_latest(deleted, since.deletions), _latest(renamed, since.renames))
    return feeds


async def read_deletions(client: ErpClient, doctype: str, names: Sequence[str]) -> list[Deletion]:
    """Read what the feed says of `names` by now: the run has read it before they were missed.

    Raises:
        ErpError: if it can't be read, but for a right that the key lacks.
    """
    query = ListQuery(
        DELETIONS,
        ("deleted_name", "creation"),
        filters=(("deleted_doctype", "=", doctype), ("deleted_name", "in", list(names))),
        order_by="creation asc",
    )
    try:
        rows = await client.list_rows(query)
    except ErpRejected as error:
        if not error.is_forbidden:
            raise
        rows = []
    return [Deletion(str(row["deleted_name"]), row["creation"]) for row in rows]


def parse_rename(content: str) -> list[tuple[str, str]]:
    """Return (old, new) of a rename's Comment: as written, and with HTML entities resolved."""
    found = _RENAMED.search(content)
    if not found:
        return []
    as_written = (found[1], found[2])
    resolved = (html.unescape(found[1]), html.unescape(found[2]))
    return [as_written] if as_written == resolved else [as_written, resolved]


async def _read(client: ErpClient, query: ListQuery, feeds: Feeds) -> list[dict[str, Any]]:
    try:
        return await client.list_rows(query)
    except ErpInMaintenance:
        raise
    except (ErpRejected, ErpContractBroken, ErpUnavailable) as error:
        feeds.unread[query.doctype] = _describe_unread(query.doctype, error)
        return []


def _describe_unread(feed: str, error: ErpError) -> Failure:
    otherwise = f"{_FOUND_OTHERWISE[feed]}, in large DocTypes only when their turn comes."
    if isinstance(error, ErpRejected) and error.is_forbidden:
        return Failure(
            code=REFUSED,
            message=f"The key may not read {feed}: {otherwise}",
            cure=(
                f"Give the integration user a role in ERPNext that may read {feed}, as System "
                "Manager may, or one of your own (Role Permissions Manager)."
            ),
        )
    return Failure(
        code=error.code,
        message=f"{error.message} As long as {feed} can't be read, {otherwise}",
        cure=error.cure,
    )


def _latest(rows: list[dict[str, Any]], since: str) -> str:
    return max([since, *(str(row["creation"]) for row in rows)])


def _deletions(since: str) -> ListQuery:
    return ListQuery(
        DELETIONS,
        ("deleted_doctype", "deleted_name", "creation"),
        filters=(("creation", ">=", earlier(since, OVERLAP)),),
        order_by="creation asc",
    )


def _renames(since: str) -> ListQuery:
    return ListQuery(
        RENAMES,
        ("reference_doctype", "content", "creation"),
        filters=(
            ("creation", ">=", earlier(since, OVERLAP)),
            ("comment_type", "=", "Edit"),
            ("content", "like", "renamed from%"),
        ),
        order_by="creation asc",
    )
