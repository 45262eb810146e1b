"""Hold every answer against the published description: its status, its form, its body."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator, FormatChecker

from api.openapi import OPENAPI_FILE

if TYPE_CHECKING:
    import httpx

PROBLEM = "application/problem+json"
UNDOCUMENTED = {"/schema/openapi.json"}


@cache
def document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(OPENAPI_FILE.read_text("utf-8"))
    return read


def find_operation(method: str, path: str) -> dict[str, Any] | None:
    """Return the description of the route that answers, or None for a path that is none."""
    for template, operations in sorted(document()["paths"].items(), reverse=True):
        pattern = re.sub(r"\{name\}", ".+", re.escape(template).replace(r"\{", "{"))
        pattern = re.sub(r"\{\w+\\?\}", "[^/]+", pattern.replace(r"\}", "}"))
        if re.fullmatch(pattern, path):
            found: dict[str, Any] | None = operations.get(method.lower())
            return found
    return None


def check_answer(response: httpx.Response) -> None:
    """Fail if an answer is not as published; an httpx hook."""
    response.read()
    path = response.request.url.raw_path.decode().partition("?")[0]
    operation = find_operation(response.request.method, path)
    kind = response.headers.get("content-type", "")
    if response.status_code >= 400 and response.request.method != "HEAD":
        assert kind == PROBLEM
        validate(response.json(), {"$ref": "#/components/schemas/Problem"})
        assert response.json()["status"] == response.status_code
    if operation is None or path in UNDOCUMENTED:
        return
    published = operation["responses"].get(str(response.status_code))
    assert published, f"{path} does not publish {response.status_code}"
    content = published.get("content")
    if content is None:
        assert response.content == b""
    elif kind in {"application/json", PROBLEM}:
        assert kind in content
        validate(response.json(), content[kind]["schema"])
        if response.status_code >= 400:
            assert f"`{response.json()['code']}`" in published["description"]


def validate(body: Any, schema: dict[str, Any]) -> None:
    whole = {**schema, "components": document()["components"]}
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(body)
