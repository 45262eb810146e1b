"""A small site that answers what the doctor asks, with the defects that a test gives it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from warehouse.settings import ErpInstance

USER = "integration@csa.example"
CORE = (
    *("DocType", "Custom Field", "Property Setter", "Custom DocPerm", "Role", "User"),
    *("User Permission", "DocShare", "User Type", "Deleted Document", "Comment"),
    "Server Script",
)
OWN_PERMISSIONS = "frappe.core.doctype.user_permission.user_permission.get_user_permissions"
CHILD = ("DocPerm", "DocField", "Has Role")
SINGLE = ("System Settings", "Installed Applications", "Selling Settings")
BUSINESS = {
    "Account": "Accounts",
    "Customer": "Selling",
    "GL Entry": "Accounts",
    "Sales Invoice": "Accounts",
    "Warehouse": "Stock",
    "Mode of Payment": "Accounts",  # stored, but not among the critical ones
}
Row = dict[str, Any]


def make_instance(name: str = "kisanmitra", **settings: Any) -> ErpInstance:
    values = {"url": "https://erp.example.com", "api_key": "the-key", "api_secret": "the-secret"}
    return ErpInstance.model_validate({"instance": name, **values, **settings})


def make_rule(doctype: str, role: str, **flags: Any) -> Row:
    return {"parent": doctype, "role": role, "permlevel": 0, "read": 1, "if_owner": 0, **flags}


@dataclass
class FakeFrappe:
    """One site. `answers`: method → what it answers instead; `refused`: DocTypes answered 403."""

    user: str = USER
    time_zone: str = "Asia/Kolkata"
    versions: dict[str, str] = field(default_factory=lambda: {"frappe": "15.44.2"})
    refused: set[str] = field(default_factory=set)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    answers: dict[str, Callable[[], httpx.Response]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    keyless: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        doctypes = [{"name": name, "module": "Core"} for name in CORE]
        doctypes += [{"name": name, "module": "Core", "istable": 1} for name in CHILD]
        doctypes += [{"name": name, "module": "Core", "issingle": 1} for name in SINGLE]
        doctypes += [{"name": name, "module": module} for name, module in BUSINESS.items()]
        doctypes.append({"name": "Farmer", "module": "Farmers", "custom": 1})
        doctypes.append({"name": "Version", "module": "Core"})  # never pulled
        doctypes.append({"name": "Live Board", "module": "Core", "is_virtual": 1})
        everywhere = [make_rule(row["name"], "Integration") for row in doctypes]
        roles = [{"parent": USER, "parenttype": "User", "role": "Integration"}]
        self.rows = {"DocType": doctypes, "DocPerm": everywhere, "Has Role": roles} | self.rows

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.removeprefix("/api/method/")
        if "authorization" not in request.headers:
            self.keyless.append(method)
        if method in self.answers:
            return self.answers[method]()
        body = json.loads(request.content or b"{}") | dict(request.url.params)
        doctype = body.get("doctype")
        if doctype in self.refused:
            return refusal(403, "PermissionError")
        if method == "frappe.client.get_list":
            self.asked.append(doctype)
            return message(self._select(body))
        if method == "frappe.client.get":
            self.asked.append(doctype)
            return message({"name": doctype})
        return message(
            {
                "ping": "pong",
                OWN_PERMISSIONS: self._own_permissions(),
                "frappe.auth.get_logged_user": self.user,
                "frappe.client.get_time_zone": {"time_zone": self.time_zone},
                "frappe.utils.change_log.get_versions": {
                    app: {"version": version} for app, version in self.versions.items()
                },
            }[method]
        )

    def _own_permissions(self) -> dict[str, list[Row]]:
        allowed: dict[str, list[Row]] = {}
        for row in self.rows.get("User Permission", []):
            if row["user"] == self.user:
                allowed.setdefault(row["allow"], []).append(row)
        return allowed

    def _select(self, body: Row) -> list[Row]:
        if body["doctype"] in CHILD and not body.get("parent"):
            raise AssertionError("a child table needs a parent")
        rows = self.rows.get(body["doctype"], [])
        for column, operator, value in body.get("filters", ()):
            rows = [row for row in rows if meets(row, column, operator, value)]
        if alternatives := body.get("or_filters"):
            rows = [row for row in rows if any(meets(row, *one) for one in alternatives)]
        moment = "2026-11-23 07:26:27.356268"
        always = {"name": "8a2adhpjs5", "modified": moment, "creation": moment}
        return [always | row for row in rows[: body["limit_page_length"] or None]]


def meets(row: Row, column: str, operator: str, value: Any) -> bool:
    assert operator in ("=", ">")
    return row.get(column) == value if operator == "=" else (row.get(column) or 0) > value


def message(value: Any) -> httpx.Response:
    return httpx.Response(200, json={"message": value})


def refusal(status: int, exc_type: str) -> httpx.Response:
    return httpx.Response(status, json={"exc_type": exc_type})


def page(status: int) -> httpx.Response:
    return httpx.Response(status, html="<html>Welcome</html>")
