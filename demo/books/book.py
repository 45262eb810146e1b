"""The book that the generator writes: documents by DocType, each with all its columns.

A form is the blank row of a DocType, filled in with what is the same in all its documents; a
document is a copy of it. So rows share their constants and a large site stays small.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from demo.books.clock import Clock, Stamp
from demo.books.doctypes import (
    CHILD_COLUMNS,
    STANDARD_COLUMNS,
    list_columns,
    list_tables,
    load_metas,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from demo.books.company import Company
    from demo.site.dataset import Row

_ZEROS: dict[str, Any] = {"Check": 0, "Int": 0, "Float": 0.0, "Currency": 0.0, "Percent": 0.0}
_NAME_BITS = 40
_SCATTER = 0x9E3779B97F  # odd, so that counting times this visits every name of 40 bits once


class Form:
    """A blank document of one DocType."""

    def __init__(self, meta: Row) -> None:
        head = (*STANDARD_COLUMNS, *(CHILD_COLUMNS if meta["istable"] else ()))
        self.tables = tuple(field["fieldname"] for field in list_tables(meta))
        self.blank: Row = dict.fromkeys(head)
        self.blank |= {f["fieldname"]: _ZEROS.get(f["fieldtype"]) for f in list_columns(meta)}
        self.blank |= {"docstatus": 0, "idx": 0, "owner": "Administrator"}
        self.blank |= {"modified_by": "Administrator", **dict.fromkeys(self.tables)}
        self.blank["doctype"] = meta["name"]
        # Built key by key a dict has the least table that holds it, and so have its copies. The
        # 85 columns of a Sales Invoice Item just fit 128 places; one more would need 256.
        self.blank = {key: self.blank[key] for key in self.blank}

    def prefill(self, constants: Row) -> None:
        """Write what is the same in all documents."""
        self._refuse_unknown(constants)
        self.blank |= constants

    def fill(self, values: Row) -> Row:
        """Copy the form and write `values` into it.

        Raises:
            KeyError: a value has no column.
        """
        row = self.blank.copy()
        row.update(values)
        if len(row) != len(self.blank):
            self._refuse_unknown(values)
        for table in self.tables:
            row[table] = []
        return row

    def _refuse_unknown(self, values: Row) -> None:
        unknown = values.keys() - self.blank.keys()
        if unknown:
            raise KeyError(f"{self.blank['doctype']} has no {', '.join(sorted(unknown))}")


class Book:
    """A site's documents while they are being written, and what they are made with."""

    def __init__(self, seed: int, company: Company) -> None:
        self.rng = Random(seed)
        self.company = company
        self.clock = Clock(self.rng)
        self.metas = load_metas()
        self.documents: dict[str, list[Row]] = {
            name: [] for name, meta in self.metas.items() if not meta["istable"]
        }
        self._forms = {name: Form(meta) for name, meta in self.metas.items()}
        self._child_doctypes = {
            (name, field["fieldname"]): field["options"]
            for name, meta in self.metas.items()
            for field in list_tables(meta)
        }
        self._names_given = 0
        self._added = 0

    def count_documents(self) -> int:
        """Count the documents of all DocTypes but Singles."""
        return self._added

    def prefill(self, doctype: str, constants: Row) -> None:
        """Write what is the same in all documents of a DocType that come from now on."""
        self._forms[doctype].prefill(constants)

    def add(self, doctype: str, name: str | int, stamp: Stamp, values: Row) -> Row:
        """Add a document."""
        row = self._forms[doctype].fill(values)
        row["name"] = name
        row["creation"] = stamp.creation
        row["modified"] = stamp.modified
        self.documents[doctype].append(row)
        self._added += 1
        return row

    def add_master(self, doctype: str, name: str, values: Row) -> Row:
        """Add a document that was there before the first day of business."""
        return self.add(doctype, name, self.clock.stamp(-0.02 * self.rng.random() - 0.06), values)

    def add_single(self, doctype: str, stamp: Stamp, values: Row) -> Row:
        """Add a Single, which knows no creation and has its idx as text."""
        row = self.add(doctype, doctype, stamp, {**values, "idx": "0"})
        del row["creation"]
        self._added -= 1
        return row

    def add_child(self, parent: Row, table: str, values: Row) -> Row:
        """Add a row to a child table of `parent`, which has its docstatus by then."""
        doctype = parent["doctype"]
        row = self._forms[self._child_doctypes[doctype, table]].fill(values)
        siblings = parent[table]
        siblings.append(row)
        row["name"] = self.make_name()
        row["parent"] = parent["name"]
        row["parentfield"] = table
        row["parenttype"] = doctype
        row["idx"] = len(siblings)
        for column in ("owner", "creation", "modified", "modified_by", "docstatus"):
            row[column] = parent[column]
        return row

    def add_children(self, parent: Row, table: str, rows: Iterable[Row]) -> None:
        """Add rows to a child table of `parent`."""
        for values in rows:
            self.add_child(parent, table, values)

    def make_name(self) -> str:
        """Make a name of ten characters, as Frappe's hash names, unlike all before it."""
        self._names_given += 1
        return f"{(self._names_given * _SCATTER) % (1 << _NAME_BITS):010x}"
