"""What an instance has of a DocType, by name, modified and creation, and what differs from it.

Compared by equality, never by order: a document that was committed late, moved back in time,
renamed or created anew under an old name differs just as one that was edited. A DocType of more
than `inventory_rows` documents is asked only for what was saved since its last pass, less an
overlap for transactions that were open then, and for all of it when its turn on the rota comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from warehouse.documents.raw import read_versions
from warehouse.erpnext.paging import Position, earlier, page_query
from warehouse.erpnext.query import BY_MODIFIED, BY_NAME, ListQuery

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.documents.tombstones import Lifetime
    from warehouse.erpnext.client import ErpClient
    from warehouse.ingestion.session import Session
    from warehouse.ingestion.task import Task

OVERLAP = timedelta(minutes=10)
DATED = ("modified", "is", "set")
UNDATED = ("modified", "is", "not set")

Name = str | int
Row = dict[str, Any]
Versions = dict[str, tuple[str | None, str | None]]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The ERP's rows of a DocType: name, modified, creation.

    `is_complete`: they are all there are. `is_cut`: there are more than were asked for, so that
    only a walk in pages finds them; `query` selects what to walk. `is_recent`: only what was saved
    since some time was asked for.
    """

    query: ListQuery
    rows: list[Row]
    is_complete: bool
    is_cut: bool
    is_recent: bool = False


@dataclass(slots=True)
class Differences:
    """How the store differs from an inventory.

    `names`: to pull, as the ERP gave them. `newcomers`: name → creation of those that are not
    stored under that name. `absent`: stored lifetimes that are not listed. `replaced`: stored ones
    whose name has another bearer now. `stored`: how many stored documents were compared.
    """

    names: list[Name] = field(default_factory=list)
    newcomers: dict[str, str | None] = field(default_factory=dict)
    absent: list[Lifetime] = field(default_factory=list)
    replaced: list[Lifetime] = field(default_factory=list)
    stored: int = 0


async def take_inventory(task: Task) -> Inventory:
    """Ask the ERP for what there is of a DocType: one request, a few for a large one."""
    session, state = task.session, task.state
    since = task.since
    if task.is_complete:
        rows = await take_complete_inventory(session, task.client, task.doctype)
        query = ListQuery(task.doctype, filters=(DATED,), order_by=BY_MODIFIED)
        return Inventory(query, rows, is_complete=True, is_cut=False)
    if not since and state and state.high_water and state.documents > session.inventory_rows:
        since = earlier(state.high_water, OVERLAP)
    limit = session.inventory_rows + 1
    query = ListQuery(task.doctype, order_by=BY_MODIFIED, limit=limit)
    if since:
        query = replace(query, filters=(("modified", ">=", since),))
    rows = await task.client.list_rows(query)
    is_cut = len(rows) == limit
    if not since and not is_cut:
        return Inventory(query, rows, is_complete=True, is_cut=False)
    if not since:
        query = replace(query, filters=(DATED,))
        rows = [row for row in rows if row["modified"]]
    rows += await _read_undated(task.client, task.doctype)
    return Inventory(query, rows, is_complete=False, is_cut=is_cut, is_recent=bool(since))


async def take_complete_inventory(session: Session, client: ErpClient, doctype: str) -> list[Row]:
    """Return the rows of a DocType, however many: a request for each `inventory_rows` of them."""
    page_rows = session.inventory_rows + 1
    query = ListQuery(doctype, order_by=BY_MODIFIED, limit=page_rows)
    rows = await client.list_rows(query)
    if len(rows) < page_rows:
        return rows
    found = {row["name"]: row for row in await _read_undated(client, doctype)}
    query, after = replace(query, filters=(DATED,)), None
    while True:
        page = await client.list_rows(page_query(query, after, page_rows))
        # A row that is saved meanwhile comes again, further on: the last sight of it counts.
        found.update({row["name"]: row for row in page})
        if len(page) < page_rows:
            return sorted(found.values(), key=lambda row: row["modified"] or "")
        after = Position.of(page[-1])


async def find_differences(
    session: Session, doctype: str, inventory: Inventory, said_to_be_gone: Iterable[str] = ()
) -> Differences:
    """Compare an inventory with what is stored; of a partial one, with what it speaks of.

    `said_to_be_gone`: names that a feed reports, which a partial inventory can't miss by itself.
    """
    listed = {str(row["name"]) for row in inventory.rows}
    reported = set(said_to_be_gone)
    names = None if inventory.is_complete else listed | reported
    stored = await read_versions(session.documents, doctype, names)
    return compare(inventory, stored)


def compare(inventory: Inventory, stored: Versions) -> Differences:
    """Return what makes `stored` (name → modified, creation) differ from the inventory.

    Every name in `stored` that is not listed counts as absent.
    """
    differences = Differences(stored=len(stored))
    listed: set[str] = set()
    for row in inventory.rows:
        name, version = str(row["name"]), (row["modified"], row["creation"])
        listed.add(name)
        known = stored.get(name)
        if known == version:
            continue
        differences.names.append(row["name"])
        if known is None:
            differences.newcomers[name] = row["creation"]
        elif known[1] != row["creation"]:
            differences.newcomers[name] = row["creation"]
            differences.replaced.append((name, known[1]))
    differences.absent = [
        (name, creation) for name, (_, creation) in stored.items() if name not in listed
    ]
    return differences


async def _read_undated(client: ErpClient, doctype: str) -> list[Row]:
    """Read the rows without `modified`, which have no place in a walk."""
    return await client.list_rows(ListQuery(doctype, filters=(UNDATED,), order_by=BY_NAME))
