"""`python -m api.openapi`: write `api/openapi.json`, the API's description, anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, Reference, SecurityScheme

from api.app import CONTROLLERS
from api.credentials import COOKIE, COOKIE_OVER_TLS, SAFE_METHODS
from api.errors import KINDS
from api.requests import ApiRequest

OPENAPI_FILE = Path(__file__).with_name("openapi.json")
VERSION = "1.0.0"
TOKEN, SESSION = "token", "session"
SCHEMES: dict[str, SecurityScheme | Reference] = {
    TOKEN: SecurityScheme(
        type="http",
        scheme="bearer",
        description="A personal access token, for scripts: it reads and changes nothing.",
    ),
    SESSION: SecurityScheme(
        type="apiKey",
        security_scheme_in="cookie",
        name=COOKIE,
        description=f"The cookie that signing in sets; over https it is called {COOKIE_OVER_TLS}.",
    ),
}


def describe_api() -> dict[str, Any]:
    """Return the OpenAPI document of all routes."""
    config = OpenAPIConfig(
        title="CSA Data Warehouse",
        version=VERSION,
        summary="Every document of every ERPNext instance, for those who may see it.",
        description="Errors are RFC 9457 problem+json with a stable `code`. Unknown query "
        "parameters are refused. Times that end in `_at` are UTC; times inside documents are "
        "ERPNext's own.",
        security=[{TOKEN: []}, {SESSION: []}],
        components=Components(security_schemes=SCHEMES),
        use_handler_docstrings=True,
        path="/unused",
    )
    app = Litestar(
        route_handlers=CONTROLLERS,
        request_class=ApiRequest,
        openapi_config=config,
    )
    document = app.openapi_schema.to_schema()
    _improve(document)
    return document


def render_openapi() -> str:
    """Return the document as the text of `api/openapi.json`."""
    return json.dumps(describe_api(), indent=2, ensure_ascii=False) + "\n"


def _improve(document: dict[str, Any]) -> None:
    """Say what Litestar does not know, or says otherwise than it is."""
    document["paths"] = dict(sorted(document["paths"].items()))
    for path in document["paths"].values():
        for method, operation in path.items():
            if method.upper() not in SAFE_METHODS:
                operation.setdefault("security", [{SESSION: []}])
            for parameter in operation.get("parameters", ()):
                _improve_parameter(parameter)
    # The codes are known, and to a program they are what matters.
    document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] = sorted(KINDS)


def _improve_parameter(parameter: dict[str, Any]) -> None:
    """A path has no null, nor has a query; a name is no URI."""
    schema = parameter["schema"]
    if choices := schema.pop("oneOf", None):
        schema |= next(choice for choice in choices if choice["type"] != "null")
    if schema.get("format") == "uri":
        parameter["schema"] = {"type": "string", "minLength": 1}
        parameter["description"] = "The document's name: any characters, percent-encoded."


if __name__ == "__main__":
    OPENAPI_FILE.write_text(render_openapi(), "utf-8")
