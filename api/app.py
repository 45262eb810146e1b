"""The Litestar app: what answers, and what stands around it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bson.int64 import Int64
from litestar import Litestar

from api.controllers.datasets import DatasetController
from api.controllers.documents import DocumentController
from api.controllers.health import HealthController, SchemaController
from api.controllers.instances import InstanceController
from api.controllers.operations import OperationsController
from api.controllers.session import SessionController
from api.controllers.tokens import TokenController
from api.errors import to_response
from api.gate import Gate
from api.parameters import check_parameters
from api.requests import ApiRequest
from api.services import Services
from warehouse.datastore import open_datastore
from warehouse.documents.business import init_business
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar.types import LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send

    from warehouse.settings import Settings

CONTROLLERS = (
    SessionController,
    TokenController,
    InstanceController,
    DocumentController,
    DatasetController,
    OperationsController,
    HealthController,
    SchemaController,
)


class Api(Litestar):
    """A Litestar app behind its gate, which its own middleware, behind the router, can't be."""

    gate: Gate
    services: Services

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
        ConfigurationError: without a key to sign sessions and cursors.
    """
    services = Services.of(settings, _need_key(settings))

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with open_datastore(settings) as datastore, services.audit.kept_up():
            business = datastore.client[settings.business_database_name]
            await init_business(business, services.datasets.registry.datasets)
            yield

    app = Api(
        route_handlers=CONTROLLERS,
        request_class=ApiRequest,
        lifespan=[lifespan],
        before_request=check_parameters,
        exception_handlers={Exception: to_response},
        # MongoDB's integers of more than 32 bits; msgspec does not know them.
        type_encoders={Int64: int},
        openapi_config=None,
        logging_config=None,
    )
    app.services = services
    app.gate = Gate(app.answer, services)
    return app


def _need_key(settings: Settings) -> str:
    if settings.csa_secret_key is None:
        raise ConfigurationError(
            "CSA_SECRET_KEY is not set; the API needs it: it signs sessions and cursors.",
            cure='Make one: python -c "import secrets; print(secrets.token_urlsafe(32))".',
        )
    return settings.csa_secret_key.get_secret_value()
