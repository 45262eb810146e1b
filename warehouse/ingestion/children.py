"""The child rows of a page of parents: one call per child table, side by side.

A child row is joined to its parent on the exact name. MariaDB compares names without case and
accents, so it may hand out a row whose `parent` is spelt otherwise; such parents, and all parents
of a child table that is refused or cut short, are read singly instead of stored without a table.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.erpnext.query import ALL_COLUMNS, ListQuery
from warehouse.errors import ErpContractBroken, ErpRejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.erpnext.client import ErpClient
    from warehouse.erpnext.meta import ChildTable, Shape

# From the last row to the first, so that a list that is cut short lacks the first rows of parents.
CHILD_ORDER = "idx desc, parent asc"
# Gaps are rare when nothing is missing: 1 child table in 11,000 of a real ERPNext.
GAPPED_READ = 3
NOT_FOUND = 404

Row = dict[str, Any]


@dataclass(slots=True)
class Children:
    """Child rows by parent name and fieldname; `doubtful` parents must be read singly."""

    rows: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)

    def take(self, name: str) -> dict[str, list[Row]]:
        """Hand out fieldname → rows of one parent, once: they are many, and not kept."""
        return self.rows.pop(name, {})


async def read_children(client: ErpClient, shape: Shape, names: Sequence[str | int]) -> Children:
    """Read the child tables of the parents `names`."""
    readings = [
        asyncio.create_task(_read_table(client, shape.doctype, table, names))
        for table in shape.child_tables
    ]
    try:
        answers = await asyncio.gather(*readings)
    finally:
        # When one fails, the others would go on asking after the run has ended.
        for reading in readings:
            reading.cancel()
        await asyncio.gather(*readings, return_exceptions=True)
    return join(names, dict(zip(shape.child_tables, answers, strict=True)))


def join(names: Sequence[str | int], answers: dict[ChildTable, list[Row] | None]) -> Children:
    """Sort child rows under their parents; an answer of None is a refused table."""
    parents = {str(name) for name in names}
    rows: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    doubtful: set[str] = set()
    for table, answer in answers.items():
        if answer is None:
            return Children(doubtful=parents)
        for row in answer:
            parent = str(row.get("parent"))
            if parent in parents:
                rows[parent][table.fieldname].append(row)
            else:
                doubtful |= _spelt_alike(parent, parents) or parents
    return Children(dict(rows), doubtful)


async def _read_table(
    client: ErpClient, doctype: str, table: ChildTable, names: Sequence[str | int]
) -> list[Row] | None:
    query = ListQuery(
        table.doctype,
        ALL_COLUMNS,
        filters=(
            ("parenttype", "=", doctype),
            ("parentfield", "=", table.fieldname),
            ("parent", "in", list(names)),
        ),
        order_by=CHILD_ORDER,
        parent=doctype,
    )
    try:
        rows = await client.list_rows(query)
        is_cut = await _is_cut(client, doctype, table, rows)
    except (ErpRejected, ErpContractBroken):
        return None
    return None if is_cut else rows


async def _is_cut(client: ErpClient, doctype: str, table: ChildTable, rows: list[Row]) -> bool:
    """Say whether rows are missing, by single reads of a few parents whose numbers have gaps."""
    for parent in find_gapped(rows)[-GAPPED_READ:]:
        try:
            document = await client.read(doctype, parent)
        except ErpRejected as error:
            if error.status == NOT_FOUND:  # it was deleted meanwhile
                continue
            raise
        if len(document.get(table.fieldname) or ()) != _count(rows, parent):
            return True
    return False


def find_gapped(rows: Sequence[Row]) -> list[str | int]:
    """Return the parents whose rows are not numbered 1, 2, 3…, as when some of them are missing.

    A cut that takes nothing but only rows, of parents that have one, is not to be seen this way.
    """
    numbers: dict[str | int, set[Any]] = defaultdict(set)
    for row in rows:
        numbers[row.get("parent", "")].add(row.get("idx"))
    return [parent for parent, found in numbers.items() if found != set(range(1, len(found) + 1))]


def _count(rows: Sequence[Row], parent: str | int) -> int:
    return sum(row.get("parent") == parent for row in rows)


def _spelt_alike(name: str, parents: set[str]) -> set[str]:
    folded = _fold(name)
    return {parent for parent in parents if _fold(parent) == folded}


def _fold(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.strip().casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
