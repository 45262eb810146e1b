"""Health, metrics and the API's own description."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from importlib.resources import files

from litestar import Controller, Response, get
from pymongo.errors import ConnectionFailure

from api.compression import COMPRESSED
from api.errors import ALWAYS, document_errors
from api.requests import ApiRequest, operators_only
from api.schemas.operations import Health
from warehouse.documents.control import Instance
from warehouse.documents.status import read_status

PING_LIMIT_S = 3.0
PROMETHEUS_TEXT = "text/plain; version=1.0.0; charset=utf-8"
OF_HEALTH = ("internal_error", "unknown_parameter")


class HealthController(Controller):
    """For those who keep the service running; the health checks ask for nothing."""

    tags = ("health",)

    @get(
        "/health/live",
        operation_id="getLiveness",
        summary="Say whether the process answers",
        security=[{}],
        responses=document_errors(*OF_HEALTH),
    )
    async def get_liveness(self) -> Health:
        """Restart it when it does not."""
        return Health()

    @get(
        "/health/ready",
        operation_id="getReadiness",
        summary="Say whether MongoDB answers",
        security=[{}],
        responses=document_errors(*OF_HEALTH, "datastore_unavailable"),
    )
    async def get_readiness(self) -> Health:
        """Send no requests here while it does not."""
        ping = Instance.get_pymongo_collection().database.command("ping")
        try:
            await asyncio.wait_for(ping, PING_LIMIT_S)
        except TimeoutError:
            raise ConnectionFailure from None
        return Health()

    @get(
        "/metrics",
        operation_id="getMetrics",
        summary="Show metrics for Prometheus",
        media_type="text/plain",
        guards=[operators_only],
        responses=document_errors(*ALWAYS, "operators_only", "unknown_parameter"),
    )
    async def get_metrics(self, request: ApiRequest) -> Response[str]:
        """Requests by route and status, their times, and how fresh each ERP is."""
        services = request.services
        statuses = await read_status(sorted(services.erps), datetime.now(UTC))
        text = services.metrics.render(statuses).decode("utf-8")
        return Response(text, media_type=PROMETHEUS_TEXT)


class SchemaController(Controller):
    """The API's own description, as committed: a test compares it with the routes."""

    path = "/schema"
    middleware = (COMPRESSED,)

    @get("/openapi.json", include_in_schema=False)
    async def get_openapi(self) -> Response[bytes]:
        """Return `api/openapi.json`."""
        return Response(
            files("api").joinpath("openapi.json").read_bytes(), media_type="application/json"
        )
