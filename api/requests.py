"""A request as controllers get it, and who may pass on to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request
from litestar.exceptions import SerializationException

from warehouse.accounts.identity import Caller
from warehouse.errors import OperatorsOnly
from warehouse.reading.subject import Subject

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler

    from api.services import Services
    from warehouse.accounts.audit import Client


class ApiRequest(Request[Subject, Caller, Any]):
    """A request that the gate has let pass: `user` may read, `auth` is by what that is known.

    It brings what it is answered with: to inject that takes Litestar as long as to route.
    """

    @property
    def services(self) -> Services:
        """What controllers work with."""
        services: Services = self.scope["litestar_app"].services  # type: ignore[attr-defined]
        return services

    @property
    def sender(self) -> Client:
        """Where it came from."""
        sender: Client = self.scope["from"]  # type: ignore[typeddict-item]
        return sender

    async def json(self) -> Any:
        """Return the body; one that is nested too deeply is refused as one that is no JSON."""
        try:
            return await super().json()
        except RecursionError as error:
            raise SerializationException("The body is nested too deeply.") from error


def operators_only(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Let operators pass: a guard of routes."""
    if not connection.user.is_operator:
        raise OperatorsOnly
