"""All tables of the site and what is known of its DocTypes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.site.schema import Schema
from demo.site.store import ChildTable, DocumentTable, EncodedRows, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from demo.site.dataset import Dataset, Row


class Store:
    """A dataset made ready to be asked and edited."""

    def __init__(self, dataset: Dataset) -> None:
        self.doctypes: dict[str, Row] = {row["name"]: row for row in dataset.doctypes}
        self.metas = dict(dataset.metas)
        self.refused = dict(dataset.refused)
        self.time_zone = dataset.time_zone
        self.versions = dict(dataset.versions)
        self.encoded = EncodedRows()
        self._documents = dict(dataset.documents)
        self._tables: dict[str, Table] = {}
        self._parents_of: dict[str, list[tuple[str, str]]] | None = None

    def __len__(self) -> int:
        return sum(
            len(documents)
            for doctype, documents in self._documents.items()
            if not self.doctypes.get(doctype, {}).get("istable")
        )

    def table(self, doctype: str) -> Table:
        """Give a DocType's table, made at its first use; KeyError for a DocType unknown."""
        if doctype not in self._tables:
            self._tables[doctype] = self._make_table(doctype)
        return self._tables[doctype]

    def rows(self, doctype: str) -> Iterable[Row]:
        """Give the rows of a DocType's table; none of a DocType that the site has not."""
        return self.table(doctype).rows() if doctype in self.doctypes else ()

    def meta(self, doctype: str) -> Row:
        """Give a DocType's merged meta; without fields where nobody described it."""
        return self.metas.get(doctype) or {
            "doctype": "DocType",
            "fields": [],
            **self.doctypes[doctype],
        }

    def document_table(self, doctype: str) -> DocumentTable:
        """Give the table of a DocType that has documents of its own."""
        table = self.table(doctype)
        if not isinstance(table, DocumentTable):
            raise TypeError(f"{doctype} is a child table")
        return table

    def shows_tracebacks(self) -> bool:
        """Tell if error answers carry tracebacks, which System Settings may forbid."""
        if "System Settings" not in self.doctypes:
            return True
        settings = self.document_table("System Settings").find("System Settings")
        return settings is None or settings.get("allow_error_traceback") != 0

    def child_tables(self) -> list[ChildTable]:
        """Give the child tables in use so far."""
        return [table for table in self._tables.values() if isinstance(table, ChildTable)]

    def read_anew(self, doctype: str) -> None:
        """Forget what is derived from a DocType's description or its having rows: it changed."""
        table = self._tables.pop(doctype, None)
        if isinstance(table, DocumentTable):
            self._documents[doctype] = list(table.documents())
        for child in self.child_tables():
            self._documents[child.schema.doctype] = child.orphans
            self._tables.pop(child.schema.doctype, None)
        self._parents_of = None

    def _make_table(self, doctype: str) -> Table:
        described = self.doctypes[doctype]
        documents = self._documents.get(doctype) or []
        if doctype == "DocType" and not documents:
            documents = [self._describe(row) for row in self.doctypes.values()]
        if not described.get("istable"):
            schema = Schema(described, self.metas.get(doctype), documents[:1] + documents[-1:])
            return DocumentTable(schema, documents)
        homes = [(self.document_table(parent), field) for parent, field in self._homes(doctype)]
        table = ChildTable(Schema(described, self.metas.get(doctype), ()), homes, list(documents))
        sample = next(table.rows(), None)
        if sample is not None:
            table.schema = Schema(described, self.metas.get(doctype), [sample])
        return table

    def _describe(self, listed: Row) -> Row:
        """Give a DocType as a document, with its permission rules."""
        return listed | {"permissions": self.metas.get(listed["name"], {}).get("permissions") or []}

    def _homes(self, child_doctype: str) -> list[tuple[str, str]]:
        if self._parents_of is None:
            self._parents_of = {}
            for doctype, described in self.doctypes.items():
                if described.get("istable") or not self._has_rows(doctype):
                    continue
                for fieldname, child in self.table(doctype).schema.tables.items():
                    self._parents_of.setdefault(child, []).append((doctype, fieldname))
        return self._parents_of.get(child_doctype, [])

    def _has_rows(self, doctype: str) -> bool:
        return bool(self._documents.get(doctype)) or doctype in ("DocType", *self._tables)
