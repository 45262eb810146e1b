"""What differs between an instance and what is stored of it, by name, modified and creation.

Compared by equality, never by order: a document that was committed late, moved back in time,
renamed or created anew under an old name differs just as one that was edited. A DocType of more
than `inventory_rows` documents is asked only for what was saved since its last pass, less an
overlap for transactions that were open then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from warehouse.documents.raw import read_versions
from warehouse.erpnext.paging import earlier
from warehouse.erpnext.query import BY_MODIFIED, BY_NAME, ListQuery

if TYPE_CHECKING:
    from warehouse.documents.control import SyncState
    from warehouse.erpnext.client import ErpClient
    from warehouse.ingestion.session import Session

OVERLAP = timedelta(minutes=10)

Name = str | int
Versions = dict[str, tuple[str | None, str | None]]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The ERP's rows of a DocType: name, modified, creation.

    `is_complete`: they are all there are. `is_cut`: there are more than were asked for, so that
    only a walk in pages finds them; `query` selects what to walk. `is_recent`: only what was saved
    since the last pass was asked for.
    """

    query: ListQuery
    rows: list[dict[str, Any]]
    is_complete: bool
    is_cut: bool
    is_recent: bool = False


@dataclass(frozen=True, slots=True)
class Differences:
    """Names to pull, as the ERP gave them, and how many stored ones the ERP no longer lists."""

    names: list[Name]
    absent: int


async def take_inventory(
    session: Session, client: ErpClient, doctype: str, state: SyncState | None
) -> Inventory:
    """Ask the ERP for what there is of a DocType: one request, two for a large one."""
    limit = session.inventory_rows + 1
    query = ListQuery(doctype, order_by=BY_MODIFIED, limit=limit)
    is_recent = False
    if state and state.high_water and state.documents > session.inventory_rows:
        is_recent = True
        query = replace(query, filters=(("modified", ">=", earlier(state.high_water, OVERLAP)),))
    rows = await client.list_rows(query)
    is_cut = len(rows) == limit
    if not is_recent and not is_cut:
        return Inventory(query, rows, is_complete=True, is_cut=False)
    if not is_recent:
        query = replace(query, filters=(("modified", "is", "set"),))
        rows = [row for row in rows if row["modified"]]
    # Rows without `modified` have no place in a walk: they are a pass of their own, by name.
    undated = ListQuery(doctype, filters=(("modified", "is", "not set"),), order_by=BY_NAME)
    rows += await client.list_rows(undated)
    return Inventory(query, rows, is_complete=False, is_cut=is_cut, is_recent=is_recent)


async def find_differences(session: Session, doctype: str, inventory: Inventory) -> Differences:
    """Compare an inventory with what is stored."""
    names = None if inventory.is_complete else [str(row["name"]) for row in inventory.rows]
    stored = await read_versions(session.documents, doctype, names)
    return compare(inventory, stored)


def compare(inventory: Inventory, stored: Versions) -> Differences:
    """Return what to pull so that `stored` (name → modified, creation) equals the inventory."""
    names = [
        row["name"]
        for row in inventory.rows
        if stored.get(str(row["name"])) != (row["modified"], row["creation"])
    ]
    listed = {str(row["name"]) for row in inventory.rows}
    absent = sum(name not in listed for name in stored) if inventory.is_complete else 0
    return Differences(names, absent)
