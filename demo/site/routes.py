"""From a path to its answer, for both versions of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from demo.site import reads, refusals
from demo.site.answers import Answer, keyed
from demo.site.metas import meta_of
from demo.site.methods import call_method

if TYPE_CHECKING:
    from demo.site.auth import Caller
    from demo.site.calls import Call
    from demo.site.tables import Store


def answer_call(store: Store, caller: Caller, call: Call) -> Answer:
    """Answer a request from the store, or raise a Refusal."""
    target = call.target
    if target.method:
        return call_method(store, caller, call)
    if target.kind == "unknown" or target.doctype is None:
        raise refusals.unknown_path()
    if target.kind == "list":
        rows = (
            reads.resource_rows(call.params)
            if target.version == 1
            else reads.named_rows(call.params, "limit")
        )
        return reads.list_rows(store, caller, call, rows)
    if target.kind == "read":
        document = reads.read_document(store, caller, target.doctype, target.name)
        return reads.document_answer("data", document, nulls=False)
    return _described(store, caller, call, target.doctype)


def _described(store: Store, caller: Caller, call: Call, doctype: str) -> Answer:
    if call.target.kind == "meta":
        if caller.is_guest:
            raise refusals.forbidden()
        return keyed("data", msgspec.json.encode(meta_of(store, doctype)))
    if call.target.kind == "count":
        reads.listed_table(store, caller, doctype, call.parent)
        count = reads.count_rows(store, doctype, call.json_param("filters"))
        return keyed("data", str(count).encode())
    raise refusals.no_doctype_access(caller.user, doctype)
