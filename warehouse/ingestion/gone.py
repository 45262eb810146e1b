"""Which stored documents have left the ERP, and how: decided here, purely.

A document is a lifetime: a name and a `creation`. It has left when the ERP, asked twice, does not
list it; a feed may say why. Only an entry that is younger than the lifetime speaks of it, since
names are reused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.documents.tombstones import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from warehouse.documents.tombstones import Lifetime
    from warehouse.ingestion.feeds import Feeds, Rename

# More untraced departures than these mean a narrowed key or a restored backup, not deletions.
UNTRACED_DOCUMENTS = 20
UNTRACED_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Departure:
    """A lifetime that left, and why; `renamed_to` when it goes on under another name."""

    name: str
    creation: str | None
    reason: Reason
    renamed_to: str | None = None


def explain(
    doctype: str,
    lifetimes: Iterable[Lifetime],
    feeds: Feeds,
    newcomers: Mapping[str, str | None],
) -> list[Departure]:
    """Return how each of `lifetimes` left.

    `newcomers`: name → creation of listed documents that are not stored under that name; one of
    them with the lifetime's creation, and the only one, is the same document renamed.
    """
    by_creation: dict[str, list[str]] = {}
    for name, creation in newcomers.items():
        if creation:
            by_creation.setdefault(creation, []).append(name)
    return [
        _explain(doctype, lifetime, feeds, by_creation.get(lifetime[1] or "", []))
        for lifetime in lifetimes
    ]


def is_suspect(departures: Sequence[Departure], stored: int) -> bool:
    """Say whether too many of `stored` documents left without a trace to believe it."""
    untraced = sum(departure.reason is Reason.VANISHED for departure in departures)
    return untraced > count_bearable(stored)


def count_bearable(stored: int) -> int:
    """Return how many of `stored` documents may leave without a trace before it is suspect."""
    return max(UNTRACED_DOCUMENTS, int(stored * UNTRACED_SHARE))


def _explain(doctype: str, lifetime: Lifetime, feeds: Feeds, same_creation: list[str]) -> Departure:
    name, creation = lifetime
    followed = _follow(name, creation, feeds.renames.get(doctype, ()))
    if followed in same_creation:
        return Departure(name, creation, Reason.RENAMED, followed)
    if _was_deleted(doctype, {name, followed}, creation, feeds):
        return Departure(name, creation, Reason.DELETED)
    if followed != name:
        return Departure(name, creation, Reason.RENAMED, followed)
    if len(same_creation) == 1:
        return Departure(name, creation, Reason.RENAMED, same_creation[0])
    return Departure(name, creation, Reason.VANISHED)


def _follow(name: str, creation: str | None, renames: Iterable[Rename]) -> str:
    """Return the last name that `name` was given after its creation."""
    for rename in renames:
        if rename.old == name and rename.at >= (creation or ""):
            name = rename.new
    return name


def _was_deleted(doctype: str, names: set[str], creation: str | None, feeds: Feeds) -> bool:
    return any(
        deletion.name in names and deletion.at >= (creation or "")
        for deletion in feeds.deletions.get(doctype, ())
    )
