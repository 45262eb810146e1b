"""Who called, as controllers ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.errors import OperatorsOnly

if TYPE_CHECKING:
    from litestar import Request
    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler

    from warehouse.accounts.audit import Client
    from warehouse.accounts.identity import Caller


def operators_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let operators pass: a guard of routes."""
    if not connection.user.is_operator:
        raise OperatorsOnly


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """Return who called; the gate lets nobody pass whom it does not know."""
    caller: Caller = request.auth
    return caller


def client_of(request: Request[Any, Any, Any]) -> Client:
    """Return where the request came from."""
    client: Client = request.scope["from"]  # type: ignore[typeddict-item]
    return client
