"""The site's tables: documents by name, child rows through their parents, sorted indexes.

Rows are never changed in place: an edit puts a new row where the old one was, so the dataset that
the site was made from stays as it is, and whatever was derived from a row can be dropped with it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import chain, islice
from typing import TYPE_CHECKING

import msgspec

from demo.site.collation import text_key
from demo.site.index import Entry, NameKey, SortedIndex
from demo.site.moments import moment_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from demo.site.dataset import Row
    from demo.site.schema import Schema

_ENCODED_BYTES = 512 * 1024 * 1024
_encode = msgspec.json.encode


class EncodedRows:
    """The JSON of rows as `*` lists show them, made once; all dropped when it gets too much."""

    def __init__(self, most_bytes: int = _ENCODED_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._by_row: dict[int, bytes] = {}

    def of(self, schema: Schema, row: Row) -> bytes:
        """Give the row's JSON."""
        found = self._by_row.get(id(row))
        if found is None:
            found = _encode(schema.list_row(row))
            if self._bytes > self._most_bytes:
                self._by_row.clear()
                self._bytes = 0
            self._bytes += len(found)
            self._by_row[id(row)] = found
        return found

    def forget(self, row: Row) -> None:
        """Drop a row that leaves the store, with its child rows."""
        for each in chain([row], *(value for value in row.values() if type(value) is list)):
            self._bytes -= len(self._by_row.pop(id(each), b""))


class Table(ABC):
    """One DocType's rows: documents of its own or, for a child DocType, rows inside others."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def name_key(self, name: object) -> NameKey:
        """Give what finds a name: the collation's key, or the number of an integer name."""
        if self.schema.integer_names:
            return int(text) if (text := str(name).strip()).isdecimal() else -1
        return text_key(str(name))

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """Give all rows in no order that a client could want."""

    @abstractmethod
    def find(self, name: object) -> Row | None:
        """Give the row of this name, as the database equates names."""


class DocumentTable(Table):
    """The documents of a DocType that is not a child table."""

    def __init__(self, schema: Schema, documents: Iterable[Row]) -> None:
        super().__init__(schema)
        self._by_name: dict[NameKey, Row] = {}
        self._indexes: dict[str, SortedIndex] = {}
        for document in documents:
            key = self.name_key(document["name"])
            if key in self._by_name:
                raise ValueError(f"two documents of {schema.doctype} named {document['name']!r}")
            self._by_name[key] = document

    def __len__(self) -> int:
        return len(self._by_name)

    def rows(self) -> Iterator[Row]:
        """Give every second document, then the others: stored order is not name order."""
        documents = self._by_name.values()
        return chain(islice(documents, 1, None, 2), islice(documents, 0, None, 2))

    def documents(self) -> Iterable[Row]:
        """Give the documents as they were inserted."""
        return self._by_name.values()

    def find(self, name: object) -> Row | None:
        """Give the document of this name."""
        return self._by_name.get(self.name_key(name))

    def at(self, key: NameKey) -> Row | None:
        """Give the document whose name has this key."""
        return self._by_name.get(key)

    def index(self, column: str) -> SortedIndex:
        """Give the index on a moment column (or on name alone), made at its first use."""
        if column not in self._indexes:
            self._indexes[column] = SortedIndex(self._by_name.values(), self._entry_of(column))
        return self._indexes[column]

    def put(self, new: Row, old: Row | None = None) -> None:
        """Store a document, in the place of `old` if given."""
        if old is not None:
            self.remove(old)
        key = self.name_key(new["name"])
        if key in self._by_name:
            raise ValueError(f"{self.schema.doctype} {new['name']} is there already")
        self._by_name[key] = new
        for index in self._indexes.values():
            index.add(new)

    def remove(self, document: Row) -> None:
        """Take a document out."""
        del self._by_name[self.name_key(document["name"])]
        for index in self._indexes.values():
            index.remove(document)

    def _entry_of(self, column: str) -> Callable[[Row], Entry]:
        def by_name(row: Row) -> Entry:
            return "", self.name_key(row["name"])

        def by_moment(row: Row) -> Entry:
            moment = row.get(column)
            return (moment_key(moment) if moment else ""), self.name_key(row["name"])

        return by_name if column == "name" else by_moment


class ChildTable(Table):
    """The rows of a child DocType, where they are: in their parents, or left behind by them."""

    def __init__(
        self, schema: Schema, homes: list[tuple[DocumentTable, str]], orphans: list[Row]
    ) -> None:
        super().__init__(schema)
        self.orphans = orphans
        self._homes = homes
        self._by_name: dict[NameKey, Row] | None = None

    def rows(self) -> Iterator[Row]:
        """Give the rows, each parent's backwards: no order is kept without order_by."""
        for home, fieldname in self._homes:
            for document in home.documents():
                yield from reversed(document.get(fieldname) or ())
        yield from self.orphans

    def of_parents(self, names: Iterable[object]) -> Iterator[Row]:
        """Give the rows of the parents so named, in whatever DocType."""
        wanted = list(names)
        for home, fieldname in self._homes:
            for key in {home.name_key(name) for name in wanted}:
                document = home.at(key)
                yield from reversed((document or {}).get(fieldname) or ())
        if self.orphans:
            keys = {text_key(str(name)) for name in wanted}
            yield from (row for row in self.orphans if text_key(str(row["parent"])) in keys)

    def find(self, name: object) -> Row | None:
        """Give the child row of this name."""
        if self._by_name is None:
            self._by_name = {self.name_key(row["name"]): row for row in self.rows()}
        return self._by_name.get(self.name_key(name))

    def forget_names(self) -> None:
        """Drop what a change of any parent makes stale."""
        self._by_name = None
