"""The whitelisted methods under /api/method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from demo.site import reads, refusals
from demo.site.answers import Answer, keyed
from demo.site.auth import Caller
from demo.site.calls import Call
from demo.site.metas import form_metas_of
from demo.site.permissions import Permissions
from demo.site.query import ListRequest, Query
from demo.site.store import ChildTable
from demo.site.tables import Store

Method = Callable[[Store, Caller, Call], Answer]
_encode = msgspec.json.encode
_APPS = {
    "frappe": (
        "Frappe Framework",
        "Full stack web framework with Python, Javascript, MariaDB, Redis, Node",
    ),
    "erpnext": ("ERPNext", "ERP made simple"),
}


def call_method(store: Store, caller: Caller, call: Call) -> Answer:
    """Answer a method call; Refusal 417 for a method that isn't there."""
    name = call.target.method or ""
    method = _METHODS.get(name)
    if method is None:
        raise refusals.unknown_method(name)
    if caller.is_guest and name not in _FOR_GUESTS:
        raise refusals.not_for_guests(name)
    return method(store, caller, call)


def _message(call: Call, value: Any) -> Answer:
    return keyed(reads.answer_key(call), _encode(value))


def _ping(_store: Store, _caller: Caller, call: Call) -> Answer:
    return _message(call, "pong")


def _logged_user(_store: Store, caller: Caller, call: Call) -> Answer:
    return _message(call, caller.user)


def _time_zone(store: Store, _caller: Caller, call: Call) -> Answer:
    return _message(call, {"time_zone": store.time_zone})


def _versions(store: Store, _caller: Caller, call: Call) -> Answer:
    apps = {}
    for app, version in store.versions.items():
        title, description = _APPS.get(app, (app, ""))
        apps[app] = {"title": title, "description": description, "branch": "", "version": version}
    return _message(call, apps)


def _get_list(store: Store, caller: Caller, call: Call) -> Answer:
    call.required("doctype")
    return reads.list_rows(store, caller, call, reads.named_rows(call.params, "limit_page_length"))


def _get(store: Store, caller: Caller, call: Call) -> Answer:
    doctype = call.required("doctype")
    name = call.params.get("name")
    if doctype in store.doctypes and isinstance(store.table(doctype), ChildTable):
        reads.listed_table(store, caller, doctype, call.parent)
    if name is None and call.params.get("filters"):
        name = _first_name(store, caller, call)
    document = reads.read_document(store, caller, doctype, None if name is None else str(name))
    return reads.document_answer(reads.answer_key(call), document, nulls=True)


def _first_name(store: Store, caller: Caller, call: Call) -> str | None:
    table = reads.listed_table(store, caller, call.doctype or "", call.parent)
    request = ListRequest(filters=call.json_param("filters"), rows=1)
    rows = msgspec.json.decode(Query(store, table, request).run().json)
    return str(rows[0]["name"]) if rows else None


def _get_count(store: Store, _caller: Caller, call: Call) -> Answer:
    filters = call.json_param("filters")
    return _message(call, reads.count_rows(store, call.required("doctype"), filters))


def _reportview_count(store: Store, caller: Caller, call: Call) -> Answer:
    doctype = call.required("doctype")
    reads.listed_table(store, caller, doctype, call.parent)
    return _message(call, reads.count_rows(store, doctype, call.json_param("filters")))


def _single_value(store: Store, caller: Caller, call: Call) -> Answer:
    doctype, field = call.required("doctype"), call.required("field")
    document = reads.read_document(store, caller, doctype, doctype)
    return _message(call, document.get(field))


def _user_permissions(store: Store, caller: Caller, call: Call) -> Answer:
    allowed: dict[str, list[dict[str, Any]]] = {}
    for row in store.rows("User Permission"):
        if row["user"] == caller.user:
            shown = {"doc": row["for_value"], "applicable_for": row["applicable_for"]}
            shown["is_default"] = row.get("is_default") or 0
            allowed.setdefault(row["allow"], []).append(shown)
    return _message(call, allowed)


def _has_permission(store: Store, caller: Caller, call: Call) -> Answer:
    doctype, name = call.required("doctype"), call.required("docname")
    if call.params.get("perm_type", "read") != "read":
        raise refusals.validation("This site answers for perm_type read only")
    document = reads.find_document(store, doctype, name)
    may = Permissions(store).may_read(caller.user, doctype, document)
    return _message(call, {"has_permission": may})


def _getdoctype(store: Store, _caller: Caller, call: Call) -> Answer:
    metas = form_metas_of(store, call.required("doctype"))
    cached = call.params.get("cached_timestamp")
    if cached and cached == metas[0].get("modified"):
        return Answer(200, _encode({"message": "use_cache", "user_settings": "{}"}))
    return Answer(200, _encode({"docs": metas, "user_settings": "{}"}))


_METHODS: dict[str, Method] = {
    "ping": _ping,
    "frappe.ping": _ping,
    "frappe.auth.get_logged_user": _logged_user,
    "frappe.client.get": _get,
    "frappe.client.get_count": _get_count,
    "frappe.client.get_list": _get_list,
    "frappe.client.get_single_value": _single_value,
    "frappe.client.get_time_zone": _time_zone,
    "frappe.client.has_permission": _has_permission,
    "frappe.core.doctype.user_permission.user_permission.get_user_permissions": _user_permissions,
    "frappe.desk.form.load.getdoctype": _getdoctype,
    "frappe.desk.reportview.get_count": _reportview_count,
    "frappe.utils.change_log.get_versions": _versions,
}
_FOR_GUESTS = ("ping", "frappe.ping", "frappe.client.get_time_zone")
