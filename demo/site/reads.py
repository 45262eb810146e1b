"""What a user may be shown of the store: lists, documents, counts and metas."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from demo.site import refusals
from demo.site.answers import Answer, Effort, keyed
from demo.site.query import ListRequest, Query
from demo.site.store import ChildTable, Table

if TYPE_CHECKING:
    from demo.site.auth import Caller
    from demo.site.calls import Call
    from demo.site.dataset import Row
    from demo.site.tables import Store

_encode = msgspec.json.encode
_DEFAULT_ROWS = 20


def list_rows(store: Store, caller: Caller, call: Call, rows: int | None) -> Answer:
    """Answer a list, under `data` or (of a method) `message`."""
    doctype = call.doctype or ""
    table = listed_table(store, caller, doctype, call.parent)
    request = ListRequest(
        fields=call.json_param("fields"),
        filters=call.json_param("filters"),
        or_filters=call.json_param("or_filters"),
        order_by=_text(call.params.get("order_by")),
        group_by=_text(call.params.get("group_by")),
        start=int_or(call.params.get("limit_start"), 0),
        rows=rows,
        as_dict=str(call.params.get("as_dict", "true")).lower() not in ("false", "0"),
    )
    listed = Query(store, table, request).run()
    if listed.children:
        effort = Effort(child_rows=listed.rows)
    elif listed.star:
        effort = Effort(star_rows=listed.rows)
    else:
        effort = Effort(narrow_rows=listed.rows)
    return keyed(answer_key(call), listed.json, effort, _debugged(call))


def listed_table(store: Store, caller: Caller, doctype: str, parent: str | None) -> Table:
    """Give the table of a list that the caller may read; a child table needs its parent."""
    table = _known_table(store, doctype)
    _check_access(store, caller, doctype)
    if table.schema.is_single:
        raise refusals.no_table(doctype)
    if isinstance(table, ChildTable) and not _is_parent(store, parent, doctype):
        raise refusals.forbidden()
    return table


def read_document(store: Store, caller: Caller, doctype: str, name: str | None) -> Row:
    """Give a document with its children, nulls included."""
    if doctype not in store.doctypes:
        raise refusals.unknown_controller(doctype)
    _check_access(store, caller, doctype)
    return find_document(store, doctype, name)


def find_document(store: Store, doctype: str, name: str | None) -> Row:
    """Give a document with its children, whoever asks."""
    if doctype not in store.doctypes:
        raise refusals.unknown_controller(doctype)
    table = store.table(doctype)
    if table.schema.is_single:
        return _single(table)
    found = None if name is None else table.find(name)
    if found is None:
        raise refusals.unknown_document(doctype, str(name))
    return table.schema.document(found)


def document_answer(key: str, document: Row, *, nulls: bool) -> Answer:
    """Answer one document; single reads leave nulls out, client.get keeps them."""
    shown = document if nulls else _without_nulls(document)
    return keyed(key, _encode(shown), Effort(documents=1))


def count_rows(store: Store, doctype: str, filters: Any) -> int:
    """Count the documents that match; no permission is asked."""
    table = _known_table(store, doctype)
    if table.schema.is_single:
        raise refusals.no_table(doctype)
    if not filters:
        return sum(1 for _ in table.rows())
    return Query(store, table, ListRequest(filters=filters)).count()


def answer_key(call: Call) -> str:
    """Tell under which key the answer stands."""
    return "message" if call.target.method and call.target.version == 1 else "data"


def int_or(value: Any, default: int) -> int:
    """Read a number as Frappe's cint does, with a default for what is none."""
    found = re.fullmatch(r"\s*(-?\d+)(?:\.\d*)?\s*", str(value))
    return int(found[1]) if found else default


def rows_of(value: Any) -> int | None:
    """Read a page length: zero and whatever is no number mean all rows."""
    return int_or(value, 0) or None


def resource_rows(params: dict[str, Any]) -> int | None:
    """Read the page length of /api/resource: limit_page_length before limit."""
    for name in ("limit_page_length", "limit"):
        if name in params:
            return rows_of(params[name])
    return _DEFAULT_ROWS


def named_rows(params: dict[str, Any], name: str) -> int | None:
    """Read the page length where only one parameter is looked at."""
    return rows_of(params[name]) if name in params else _DEFAULT_ROWS


def _debugged(call: Call) -> dict[str, str]:
    """Give what `debug` adds to an answer; a real site shows its SQL there."""
    if str(call.params.get("debug", "")).lower() in ("", "0", "false"):
        return {}
    query = f"select … from `tab{call.doctype}`"  # noqa: S608 - nothing runs it
    return {"_debug_messages": json.dumps(["Execution time: 0.00 sec", query])}


def _text(value: Any) -> str | None:
    return str(value) if value else None


def _known_table(store: Store, doctype: str) -> Table:
    if doctype in store.doctypes:
        return store.table(doctype)
    if doctype.lower() in {name.lower() for name in store.doctypes}:
        raise refusals.no_table(doctype)
    raise refusals.unknown_doctype(doctype)


def _check_access(store: Store, caller: Caller, doctype: str) -> None:
    if caller.is_guest or doctype in store.refused:
        raise refusals.no_doctype_access(caller.user, doctype)


def _is_parent(store: Store, parent: str | None, child: str) -> bool:
    if parent not in store.doctypes or parent in store.refused:
        return False
    return child in store.table(parent).schema.tables.values()


def _single(table: Table) -> Row:
    doctype = table.schema.doctype
    stored = table.find(doctype)
    return table.schema.document(
        {"name": doctype, "creation": None, "docstatus": 0, "idx": "0", **(stored or {})}
    )


def _without_nulls(document: Row) -> Row:
    return {
        key: [_without_nulls(child) for child in value] if type(value) is list else value
        for key, value in document.items()
        if value is not None
    }
