"""The Litestar app: what answers, and what stands around it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bson.int64 import Int64
from litestar import Litestar
from litestar.di import Provide

from api.controllers.documents import DocumentController
from api.controllers.health import HealthController, SchemaController
from api.controllers.instances import InstanceController
from api.controllers.operations import OperationsController
from api.errors import to_response
from api.gate import Gate
from api.metrics import Metrics
from api.parameters import check_parameters
from api.services import Services
from warehouse.datastore import open_datastore
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar.types import LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send
    from pydantic import SecretStr

    from warehouse.settings import Settings

CONTROLLERS = (
    InstanceController,
    DocumentController,
    OperationsController,
    HealthController,
    SchemaController,
)


class Api(Litestar):
    """A Litestar app behind its gate, which its own middleware, behind the router, can't be."""

    gate: Gate

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        """Answer one request, or the server's start and stop."""
        await self.gate(scope, receive, send)  # type: ignore[arg-type]

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that the gate lets through."""
        await super().__call__(scope, receive, send)


def create_app(settings: Settings) -> Litestar:
    """Return the app; MongoDB is reached when it starts.

    Raises:
        ConfigurationError: without a key to sign cursors, or a token that keeps strangers out.
    """
    key = _need(settings.csa_secret_key, "CSA_SECRET_KEY", "signs cursors")
    token = _need(settings.csa_operator_token, "CSA_OPERATOR_TOKEN", "keeps strangers out")
    services = Services.of(settings.instances, key)
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with open_datastore(settings):
            yield

    app = Api(
        route_handlers=CONTROLLERS,
        dependencies={
            "services": Provide(lambda: services, sync_to_thread=False, use_cache=True),
            "metrics": Provide(lambda: metrics, sync_to_thread=False, use_cache=True),
        },
        lifespan=[lifespan],
        before_request=check_parameters,
        exception_handlers={Exception: to_response},
        # MongoDB's integers of more than 32 bits; msgspec does not know them.
        type_encoders={Int64: int},
        openapi_config=None,
        logging_config=None,
    )
    app.gate = Gate(app.answer, token, metrics)
    return app


def _need(secret: SecretStr | None, variable: str, use: str) -> str:
    if secret is None:
        raise ConfigurationError(
            f"{variable} is not set; the API needs it: it {use}.",
            cure='Make one: python -c "import secrets; print(secrets.token_urlsafe(32))".',
        )
    return secret.get_secret_value()
