"""What a query reads from: the table asked for, and child tables and linked documents beside it.

A query's row is a tuple: the main row first, then the row of each join, or None where the left
join found nothing. One main row gives as many tuples as it has child rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo.site import refusals
from demo.site.dataset import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.site.schema import Kind, Schema
    from demo.site.store import Table
    from demo.site.tables import Store

Joined = tuple[Row | None, ...]
_QUALIFIED = re.compile(r"`tab([^`]+)`\.`?(\w+)`?|\"?tab([^`.]+)\.`?(\w+)`?")
_DOTTED = re.compile(r"(\w+)\.(\w+)")
_PLAIN = re.compile(r"`?(\w+)`?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of one source, by the source's place in the tuple."""

    place: int
    fieldname: str
    kind: Kind

    def value(self, joined: Joined) -> Any:
        """Give the column's value in a row; NULL where the join found nothing."""
        row = joined[self.place]
        return None if row is None else row.get(self.fieldname)


@dataclass(frozen=True, slots=True)
class Join:
    """A table joined to the main one."""

    label: str
    schema: Schema
    rows_beside: Callable[[Row], list[Row]]


class Sources:
    """Resolves the names of fields, and adds the joins that they need."""

    def __init__(self, store: Store, table: Table) -> None:
        self.table = table
        self.joins: list[Join] = []
        self._store = store

    def column(self, text: str) -> Column | None:
        """Find the column that a field names; None for one that a list leaves out silently."""
        text = text.strip()
        if found := _QUALIFIED.fullmatch(text):
            doctype, fieldname = found[1] or found[3], found[2] or found[4]
            return self._of_doctype(doctype, fieldname, text)
        if found := _DOTTED.fullmatch(text):
            return self._of_field(found[1], found[2], text)
        if found := _PLAIN.fullmatch(text):
            return self._of_schema(0, self.table.schema, found[1], text)
        raise refusals.unknown_field(text)

    def filtered_column(self, doctype: str | None, fieldname: str) -> Column:
        """Find the column of a filter; a child table's field may go without its DocType."""
        if doctype and doctype != self.table.schema.doctype:
            column = self._of_doctype(doctype, fieldname, fieldname)
        elif self._belongs_to_child(fieldname):
            column = self._of_first_child(fieldname)
        else:
            column = self.column(fieldname)
        if column is None:
            raise refusals.unknown_field(fieldname)
        return column

    def expand(self, row: Row) -> Iterator[Joined]:
        """Give the main row with what is joined to it."""
        if not self.joins:
            yield (row,)
            return
        joined: list[Joined] = [(row,)]
        for join in self.joins:
            beside: list[Row | None] = [*join.rows_beside(row)] or [None]
            joined = [(*left, right) for left in joined for right in beside]
        yield from joined

    def _of_schema(self, place: int, schema: Schema, fieldname: str, text: str) -> Column | None:
        if fieldname in schema.without_column:
            return None
        if not schema.has_column(fieldname):
            raise refusals.unknown_field(text)
        return Column(place, fieldname, schema.kind(fieldname))

    def _of_doctype(self, doctype: str, fieldname: str, text: str) -> Column | None:
        if doctype == self.table.schema.doctype:
            return self._of_schema(0, self.table.schema, fieldname, text)
        for table_field, child in self.table.schema.tables.items():
            if child == doctype:
                return self._of_child(table_field, fieldname, text)
        raise refusals.unknown_field(text)

    def _of_field(self, through: str, fieldname: str, text: str) -> Column | None:
        if through in self.table.schema.tables:
            return self._of_child(through, fieldname, text)
        linked = self.table.schema.links.get(through)
        if linked not in self._store.doctypes:
            raise refusals.unknown_field(text)
        target = self._store.document_table(linked)

        def linked_rows(row: Row) -> list[Row]:
            found = target.find(row[through]) if row.get(through) else None
            return [found] if found else []

        return self._joined(Join(through, target.schema, linked_rows), fieldname, text)

    def _of_child(self, table_field: str, fieldname: str, text: str) -> Column | None:
        child = self.table.schema.tables[table_field]
        schema = self._store.table(child).schema
        join = Join(child, schema, lambda row: list(row.get(table_field) or ()))
        return self._joined(join, fieldname, text)

    def _joined(self, join: Join, fieldname: str, text: str) -> Column | None:
        labels = [each.label for each in self.joins]
        column = self._of_schema(0, join.schema, fieldname, text)
        if column is None:
            return None
        if join.label not in labels:
            self.joins.append(join)
            labels.append(join.label)
        return Column(labels.index(join.label) + 1, column.fieldname, column.kind)

    def _belongs_to_child(self, fieldname: str) -> bool:
        schema = self.table.schema
        known = schema.has_column(fieldname) or fieldname in schema.without_column
        return bool(_PLAIN.fullmatch(fieldname)) and not known

    def _of_first_child(self, fieldname: str) -> Column | None:
        for table_field, child in self.table.schema.tables.items():
            if child in self._store.doctypes:
                schema = self._store.table(child).schema
                if schema.has_column(fieldname):
                    return self._of_child(table_field, fieldname, fieldname)
        raise refusals.unknown_field(fieldname)
