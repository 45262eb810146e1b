"""The child rows of a page of parents: one call per child table, side by side.

A child row is joined to its parent on the exact name. MariaDB compares names without case and
accents, so it may hand out a row whose `parent` is spelt otherwise; such parents, and all parents
of a child table that is refused, are read singly instead of stored without a table.
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

CHILD_ORDER = "parent asc, idx asc"

Row = dict[str, Any]


@dataclass(slots=True)
class Children:
    """Child rows by parent name and fieldname; `doubtful` parents must be read singly."""

    rows: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)

    def of(self, name: str) -> dict[str, list[Row]]:
        """Return fieldname → rows of one parent."""
        return self.rows.get(name, {})


async def read_children(client: ErpClient, shape: Shape, names: Sequence[str | int]) -> Children:
    """Read the child tables of the parents `names`."""
    answers = await asyncio.gather(
        *(_read_table(client, shape.doctype, table, names) for table in shape.child_tables)
    )
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
        return await client.list_rows(query)
    except (ErpRejected, ErpContractBroken):
        return None


def _spelt_alike(name: str, parents: set[str]) -> set[str]:
    folded = _fold(name)
    return {parent for parent in parents if _fold(parent) == folded}


def _fold(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.rstrip().casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))
