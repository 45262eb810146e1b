"""The permission tables, listed whole and as they were at one moment.

They are read one after the other. An administrator who takes a role away and then a User Permission
must not be met with the role still there and the permission gone: so what decides together is read
once more, and all of it again if it has changed meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.access.tables import TABLES
from warehouse.errors import AccessSnapshotInvalid, ErpRejected, KeyRightsUnknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.access.tables import Row, Rows, Table
    from warehouse.erpnext.client import ErpClient

ATTEMPTS = 3
_DECIDING = ("Custom DocPerm", "Has Role", "User Permission", "Server Script")
_TWICE = [table for table in TABLES if table.query.doctype in _DECIDING]


async def read_tables(client: ErpClient) -> Rows:
    """Return every row of every permission table.

    Raises:
        AccessSnapshotInvalid: if one is refused, lacks columns or rows, is empty and never is, or
            if they change faster than they can be read.
        ErpError: as `ErpClient`.
    """
    for _ in range(ATTEMPTS):
        rows = await _read(client, TABLES)
        again = await _read(client, _TWICE)
        if all(_tell(rows, table) == _tell(again, table) for table in _TWICE):
            return rows
    raise AccessSnapshotInvalid(
        f"The permission tables of {client.instance} change faster than they can be read.",
        cure="Nothing to do: they are read again within half an hour.",
        instance=client.instance,
    )


async def _read(client: ErpClient, tables: Iterable[Table]) -> Rows:
    return {table.query.doctype: await _read_table(client, table) for table in tables}


def _tell(rows: Rows, table: Table) -> list[str]:
    """Return what counts of a table, in whatever order it was listed."""
    listed = rows[table.query.doctype]
    return sorted(str([row[column] for column in table.columns]) for row in listed)


async def _read_table(client: ErpClient, table: Table) -> list[Row]:
    """Return every row of a table.

    Raises:
        AccessSnapshotInvalid: if it is refused, lacks columns or rows, or is empty and never is.
    """
    doctype = table.query.doctype
    try:
        rows = await client.list_rows(table.query)
        number = await client.count(doctype) if table.is_counted else len(rows)
    except ErpRejected as error:
        raise _unusable(
            client, doctype, f"refuses the list of {doctype}: {error.message}", KeyRightsUnknown
        ) from error
    missing = {column for row in rows for column in table.columns if column not in row}
    if missing:
        without = f"lists {doctype} without {', '.join(sorted(missing))}."
        raise _unusable(client, doctype, without, KeyRightsUnknown)
    if number != len(rows):
        raise _unusable(client, doctype, f"counts {number} {doctype} and lists {len(rows)}.")
    if not rows and not table.may_be_empty:
        raise _unusable(client, doctype, f"lists no {doctype} at all, which no ERPNext does.")
    return rows


def _unusable(
    client: ErpClient,
    doctype: str,
    what: str,
    kind: type[AccessSnapshotInvalid] = AccessSnapshotInvalid,
) -> AccessSnapshotInvalid:
    return kind(
        f"{client.instance} {what}",
        cure="csa check says which role the key's user needs.",
        instance=client.instance,
        doctype=doctype,
    )
