"""Which stored documents of a DocType have left, asked twice before it is believed.

Nothing is removed when too many left without a trace, when User Permissions narrow the key, or when
the ERP answers a single read of one of them with anything but 404: then the DocType is suspect, and
an operator decides. Each that left without a trace is read, since one that is only hidden may be
any of them: at most max(20, 2 %) requests, and none on a day on which nothing left.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.documents.tombstones import Reason, bury
from warehouse.erpnext.query import INVENTORY_COLUMNS, ListQuery
from warehouse.errors import ErpRejected
from warehouse.ingestion.feeds import DELETIONS, Feeds, read_deletions
from warehouse.ingestion.gone import Departure, count_bearable, explain, is_suspect
from warehouse.ingestion.links import queue_linking

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from warehouse.documents.tombstones import Lifetime
    from warehouse.ingestion.task import Task

NOT_FOUND = 404

Row = dict[str, Any]


@dataclass(slots=True)
class Departures:
    """What left, to be moved to the tombstones; `kept`: how many are suspect instead.

    `arrived`: rows that the second look found and the inventory did not show.
    """

    gone: list[Departure] = field(default_factory=list)
    kept: int = 0
    arrived: list[Row] = field(default_factory=list)

    @property
    def renamed(self) -> list[Departure]:
        """Those that go on under another name."""
        return [departure for departure in self.gone if departure.reason is Reason.RENAMED]


async def find_departures(
    task: Task,
    absent: Iterable[Lifetime],
    replaced: Sequence[Lifetime],
    newcomers: Mapping[str, str | None],
    stored: int,
) -> Departures:
    """Return which of the lifetimes left.

    `absent`: stored under names that the ERP does not list. `replaced`: stored under names that
    have another bearer now, which needs no confirmation. `newcomers`: name → creation of rows that
    are listed and not stored. `stored`: how many documents are stored in all.
    """
    found = Departures()
    confirmed = await _confirm(task, list(absent), replaced, found)
    suspects = [*confirmed, *replaced]
    if not suspects:
        return found
    listed = _supersede(newcomers, found.arrived)
    departures = await _explain(task, suspects, listed)
    certain = [d for d in departures if (d.name, d.creation) in set(replaced)]
    missing = [d for d in departures if (d.name, d.creation) not in set(replaced)]
    if not task.accepts_deletes and (
        is_suspect(departures, stored) or await _is_doubtful(task, missing, listed, stored)
    ):
        found.gone, found.kept = certain, len(missing)
    else:
        found.gone = departures
    return found


async def bury_replaced(task: Task, replaced: Sequence[Lifetime]) -> None:
    """Move lifetimes to the tombstones whose names are met with another bearer only when pulled.

    A partial inventory shows neither, and the one after a survey comes too late for it.
    """
    found = await find_departures(task, (), replaced, {}, len(replaced))
    await queue_linking(task, found.renamed)
    await remove(task, found.gone)


async def remove(task: Task, departures: Sequence[Departure]) -> None:
    """Move documents that left to the tombstones.

    Raises:
        LeaseLost: if another holder works on the instance by now; it knows better what is there.
    """
    if departures:
        await task.session.lease.assert_held()
    by_name = {departure.name: departure for departure in departures}
    now = task.session.clock()
    rows = [
        row
        | {
            "deleted_at": now,
            "reason": by_name[row["name"]].reason,
            "renamed_to": by_name[row["name"]].renamed_to,
            "restored_at": None,
            "expires_at": now + task.session.tombstone_life,
        }
        async for row in task.session.documents.find(
            {"doctype": task.doctype, "name": {"$in": list(by_name)}}
        )
        if row.get("erp_creation") == by_name[row["name"]].creation
    ]
    await bury(task.session.instance, rows, task.session.run_id)
    task.report.renamed += sum(row["reason"] is Reason.RENAMED for row in rows)
    task.report.deleted += sum(row["reason"] is not Reason.RENAMED for row in rows)


async def _explain(
    task: Task, lifetimes: Sequence[Lifetime], newcomers: Mapping[str, str | None]
) -> list[Departure]:
    """Return how lifetimes left; of those without a trace the feed of deletions is asked again."""
    departures = explain(task.doctype, lifetimes, task.feeds, newcomers)
    untraced = [departure.name for departure in departures if departure.reason is Reason.VANISHED]
    if not untraced or DELETIONS in task.feeds.unread:
        return departures
    late = await read_deletions(task.client, task.doctype, untraced)
    known = task.feeds.deletions.get(task.doctype, [])
    feeds = Feeds({task.doctype: [*known, *late]}, task.feeds.renames)
    return explain(task.doctype, lifetimes, feeds, newcomers)


async def _confirm(
    task: Task, absent: list[Lifetime], replaced: Sequence[Lifetime], found: Departures
) -> list[Lifetime]:
    """Ask again by name, then by creation; return those of `absent` that are still not listed."""
    by_name = await _read(task, "name", [name for name, _ in absent]) if absent else []
    creations = sorted({creation for _, creation in (*absent, *replaced) if creation})
    by_creation = await _read(task, "creation", creations) if creations else []
    there = _supersede({str(row["name"]): row["creation"] for row in by_name}, by_creation)
    found.arrived = [row for row in by_name if (str(row["name"]), row["creation"]) in there.items()]
    found.arrived += by_creation
    return [lifetime for lifetime in absent if lifetime not in there.items()]


def _supersede(listed: Mapping[str, str | None], later: Iterable[Row]) -> dict[str, str | None]:
    """Return name → creation of what is listed, and of what a later look found.

    A document that was renamed in between has the later name only.
    """
    now = {str(row["name"]): row["creation"] for row in later}
    moved = set(now.values()) - {None}
    return {name: creation for name, creation in listed.items() if creation not in moved} | now


async def _read(task: Task, column: str, values: list[str]) -> list[Row]:
    query = ListQuery(task.doctype, INVENTORY_COLUMNS, filters=((column, "in", values),))
    return await task.client.list_rows(query)


async def _is_doubtful(
    task: Task, missing: list[Departure], listed: Mapping[str, str | None], stored: int
) -> bool:
    """Say whether any of the departures may be hidden from the key and not gone.

    A rename is proven by a listed document of the same creation. A feed proves nothing: its entry
    may speak of an earlier bearer of the name, whom this one got it from by a rename. So what the
    untraced leave of the bearable number goes to those that a feed names.
    """
    if missing and task.session.is_narrowed:
        return True
    unproven = [d for d in missing if not d.renamed_to or listed.get(d.renamed_to) != d.creation]
    unproven.sort(key=lambda departure: departure.reason is not Reason.VANISHED)
    return await _is_any_there(task, unproven[: count_bearable(stored)])


async def _is_any_there(task: Task, departures: Sequence[Departure]) -> bool:
    """Ask for them side by side, as many as may be in flight, until one is there."""
    at_once = task.session.erp.max_concurrency
    for start in range(0, len(departures), at_once):
        asked = departures[start : start + at_once]
        if any(await asyncio.gather(*(_exists(task, departure) for departure in asked))):
            return True
    return False


async def _exists(task: Task, departure: Departure) -> bool:
    """Say whether the ERP has the document, and only hides it from lists.

    A single read tells the two apart: 403 for a document that the key may not see, 404 for none.
    One of another creation is a new bearer of the name.
    """
    try:
        document = await task.client.read(task.doctype, departure.name)
    except ErpRejected as error:
        return error.status != NOT_FOUND
    return document.get("creation") == departure.creation
