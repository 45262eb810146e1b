"""A request as the site understands it: what it is about and with which parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from demo.site import refusals


@dataclass(frozen=True, slots=True)
class Target:
    """What a path leads to.

    `kind`: list, read, meta, count, method, write or unknown. `method`: the dotted name of a
    whitelisted method. Calls of client.get_list and its like are of the kind of what they give.
    """

    kind: str
    version: int = 1
    doctype: str | None = None
    name: str | None = None
    method: str | None = None


@dataclass(slots=True)
class Call:
    """One request."""

    http_method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    line_bytes: int
    target: Target = field(default_factory=lambda: Target("unknown"))
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def doctype(self) -> str | None:
        """Give the DocType that the request is about, if any."""
        return self.target.doctype or self.params.get("doctype")

    @property
    def parent(self) -> str | None:
        """Give the parent DocType that a child list names."""
        return self.params.get("parent")

    @property
    def accept(self) -> str:
        """Give the Accept header."""
        return self.headers.get("accept", "")

    def text(self) -> str:
        """Give the query string and the body as text, to look into."""
        return unquote_plus(self.query) + "\n" + self.body.decode("utf-8", "replace")

    def json_param(self, name: str) -> Any:
        """Give a parameter that holds JSON, as text or (in a JSON body) decoded."""
        value = self.params.get(name)
        if not isinstance(value, str) or not value:
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise refusals.not_json(error) from error

    def required(self, name: str) -> str:
        """Give a parameter without which the method can't be called."""
        value = self.params.get(name)
        if value in (None, ""):
            text = f"TypeError: missing 1 required positional argument: '{name}'"
            raise refusals.crashed("TypeError", text)
        return str(value)


_METHOD_KINDS = {
    "frappe.client.get_list": "list",
    "frappe.client.get": "read",
    "frappe.client.get_count": "count",
    "frappe.desk.reportview.get_count": "count",
    "frappe.desk.form.load.getdoctype": "meta",
}


def read_target(http_method: str, path: str) -> Target:
    """Find what a decoded path leads to; a name's trailing slash is lost, as on a real site."""
    parts = path.split("/", 4)
    match parts:
        case ["", "api", "v2", *_]:
            return _second_target(http_method, path.split("/", 5)[3:])
        case ["", "api", "v1", *_]:
            return _first_target(http_method, path.split("/", 5)[3:])
        case ["", "api", *rest]:
            return _first_target(http_method, rest)
    return Target("unknown")


def read_params(call: Call) -> dict[str, Any]:
    """Merge query and form; a JSON body replaces both."""
    params: dict[str, Any] = dict(reversed(parse_qsl(call.query, keep_blank_values=True)))
    content_type = call.headers.get("content-type", "")
    if call.body and content_type.startswith("application/json"):
        try:
            decoded = json.loads(call.body)
        except ValueError as error:
            raise refusals.not_json(error) from error
        if not isinstance(decoded, dict):
            raise refusals.validation("Invalid request arguments")
        return decoded
    if call.body and content_type.startswith("application/x-www-form-urlencoded"):
        form = parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)
        params |= dict(reversed(form))
    return params


def _without_slash(name: str) -> str:
    return name.removesuffix("/")


def _method_target(version: int, name: str) -> Target:
    name = _without_slash(name)
    return Target(_METHOD_KINDS.get(name, "method"), version, method=name)


def _resource_target(http_method: str, version: int, doctype: str, name: str) -> Target:
    name = _without_slash(name)
    kind = "read" if name else "list"
    if http_method not in ("GET", "HEAD"):
        kind = "write"
    return Target(kind, version, doctype, name or None)


def _first_target(http_method: str, parts: list[str]) -> Target:
    match parts:
        case ["method", *rest] if rest and rest[0]:
            return _method_target(1, "/".join(rest))
        case ["resource", doctype, *rest] if doctype:
            return _resource_target(http_method, 1, doctype, "/".join(rest))
    return Target("unknown")


def _second_target(http_method: str, parts: list[str]) -> Target:
    match parts:
        case ["method", *rest] if rest and rest[0]:
            return _method_target(2, "/".join(rest))
        case ["document", doctype, *rest] if doctype:
            return _resource_target(http_method, 2, doctype, "/".join(rest))
        case ["doctype", doctype, "meta" | "count" as kind]:
            return Target(kind, 2, doctype)
    return Target("unknown", 2)
