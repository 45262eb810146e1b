"""Changes of the store: a document edited, inserted or deleted, as a user or SQL would."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from demo.site.auth import SERVICE_USER
from demo.site.commands import Delete, Describe, Edit, Insert
from demo.site.moments import SiteClock
from demo.site.store import ChildTable, DocumentTable

if TYPE_CHECKING:
    from demo.site.dataset import Row
    from demo.site.schema import Schema
    from demo.site.tables import Store


class Editor:
    """Makes changes; KeyError for what isn't there, ValueError for what can't be."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = SiteClock(store.time_zone)
        self._names_given = 0

    def edit(self, edit: Edit) -> None:
        """Change a document and, if so asked, its `modified`."""
        table = self.store.document_table(edit.doctype)
        old = self.found(table, edit.name)
        new = {**copy.deepcopy(old), **edit.values}
        children = _children(new)
        for row_name, values in edit.child_values.items():
            children[row_name].update(values)
        if edit.modified == "now":
            _stamp(new, self.clock.now())
        elif edit.modified is not None:
            new["modified"] = edit.modified
        self._complete_children(table.schema, new)
        self.replace(table, old, new)

    def insert(self, insert: Insert) -> None:
        """Insert a document."""
        table = self.store.document_table(insert.doctype)
        now = self.clock.now()
        given = insert.document
        new = {
            **_columns(table.schema, next(iter(table.documents()), None)),
            "doctype": insert.doctype,
            "owner": SERVICE_USER,
            "creation": now,
            "modified_by": SERVICE_USER,
            "docstatus": 0,
            "idx": 0,
            **given,
            "name": given.get("name") or self.new_name(),
        }
        new["modified"] = given.get("modified") or new["creation"]
        self._complete_children(table.schema, new)
        table.put(new)
        if len(table) == 1:
            self.store.read_anew(insert.doctype)
        self.forget_children()

    def delete(self, delete: Delete) -> None:
        """Delete a document."""
        table = self.store.document_table(delete.doctype)
        old = self.found(table, delete.name)
        table.remove(old)
        self.store.encoded.forget(old)
        self.forget_children()
        if delete.keep_children:
            self._leave_behind(table.schema, old)
        if delete.trace and "Deleted Document" in self.store.doctypes:
            trace = {
                "deleted_doctype": delete.doctype,
                "deleted_name": str(old["name"]),
                "restored": 0,
                "data": json.dumps(table.schema.document(old), indent=1, sort_keys=True),
            }
            self.insert(Insert(doctype="Deleted Document", document=trace))

    def describe(self, describe: Describe) -> None:
        """Change a DocType's meta and its row in the DocType list; a new DocType gets one."""
        if describe.meta is not None:
            self.store.metas[describe.doctype] = describe.meta
        known = self.store.doctypes.get(describe.doctype, {"name": describe.doctype})
        self.store.doctypes[describe.doctype] = {**known, **describe.values}
        self.store.read_anew(describe.doctype)
        table = self.store.document_table("DocType")
        if listed := table.find(describe.doctype):
            self.replace(table, listed, {**listed, **describe.values})
        else:
            row = {**describe.values, "name": describe.doctype}
            self.insert(Insert(doctype="DocType", document=row))

    def replace(self, table: DocumentTable, old: Row, new: Row) -> None:
        """Put a document in the place of its old self."""
        table.put(new, old)
        self.store.encoded.forget(old)
        self.forget_children()

    def forget_children(self) -> None:
        """Drop what child tables remember of their rows."""
        for child_table in self.store.child_tables():
            child_table.forget_names()

    def found(self, table: DocumentTable, name: object) -> Row:
        """Give a document that must be there."""
        document = table.find(name)
        if document is None:
            raise KeyError(f"{table.schema.doctype} {name}")
        return document

    def new_name(self) -> str:
        """Give a name as a hash would."""
        self._names_given += 1
        return f"ctl{self._names_given:07d}"

    def _complete_children(self, schema: Schema, document: Row) -> None:
        for fieldname, child_doctype in schema.tables.items():
            rows = document.get(fieldname) or []
            standard = {
                key: document.get(key)
                for key in ("owner", "creation", "modified", "modified_by", "docstatus")
            }
            document[fieldname] = [
                {
                    **standard,
                    **row,
                    "name": row.get("name") or self.new_name(),
                    "parent": document["name"],
                    "parentfield": fieldname,
                    "parenttype": schema.doctype,
                    "idx": row.get("idx") or place,
                    "doctype": child_doctype,
                }
                for place, row in enumerate(rows, 1)
            ]

    def _leave_behind(self, schema: Schema, document: Row) -> None:
        for fieldname, child_doctype in schema.tables.items():
            table = self.store.table(child_doctype)
            if isinstance(table, ChildTable):
                table.orphans.extend(document.get(fieldname) or ())


def _columns(schema: Schema, sample: Row | None) -> Row:
    if sample is not None:
        return {key: None for key, value in sample.items() if type(value) is not list}
    return dict.fromkeys(schema.stored_columns())


def _children(document: Row) -> dict[Any, Row]:
    tables = (value for value in document.values() if type(value) is list)
    return {row["name"]: row for rows in tables for row in rows if "name" in row}


def _stamp(document: Row, now: str) -> None:
    for each in (document, *_children(document).values()):
        each["modified"] = now
