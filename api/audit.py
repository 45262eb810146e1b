"""Audit of reads: a route says in `opt` as what it is audited, the gate writes it.

So nothing that is answered can be forgotten, a refusal as little as a stream that broke off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from api.parameters import LONGEST_PARAMETER
from warehouse.accounts.audit import Event

if TYPE_CHECKING:
    from litestar.types import HTTPScope

    from api.requests import ApiRequest
    from warehouse.accounts.audit import AuditTrail

AUDITED = "audited"
MOST_ASKED = 50  # more than any route takes
ROWS = "audited_rows"


def note_rows(request: ApiRequest, rows: int) -> None:
    """Say how many documents or rows an answer gives; a stream may say so again and again."""
    request.scope[ROWS] = rows  # type: ignore[literal-required]


async def audit_read(audit: AuditTrail, scope: HTTPScope, status: int) -> None:
    """Write down what a signed-in caller was answered, if the route is audited."""
    handler = scope.get("route_handler")
    event = handler.opt.get(AUDITED) if handler else None
    if event is None:
        return
    path = scope.get("path_params", {})
    query = scope["query_string"].decode("latin-1")
    sent = parse_qsl(query, keep_blank_values=True) if query else []
    name = str(path.get("name", "")).removeprefix("/")
    if event is Event.READ:
        name = next((value for key, value in sent if key == "name"), name)
        sent = [(key, value) for key, value in sent if key != "name"]
    asked = [(_cut(key), _cut(value)) for key, value in sent[:MOST_ASKED]]
    await audit.note(
        event,
        scope["auth"].account,
        scope["from"],  # type: ignore[typeddict-item]
        instance=path.get("instance"),
        doctype=path.get("doctype") or path.get("slug"),
        name=_cut(name) or None,
        asked=asked or None,
        truncated=True if asked != sent else None,
        rows=scope.get(ROWS),
        status=status,
    )


def _cut(text: str) -> str:
    return text[:LONGEST_PARAMETER]
