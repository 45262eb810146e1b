"""The deployments, for `csa flows` in one process; `prefect.yaml` says the same for work pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect import aserve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.schedules import Cron
from prefect.settings import PREFECT_LOGGING_EXTRA_LOGGERS, temporary_settings
from prefect.types.entrypoint import EntrypointType

from flows.access_refresh import access_refresh
from flows.daily import TIME_ZONE, daily
from flows.ingest import ingest
from flows.server import wait_for_server

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment

DAILY_AT = Cron("0 1 * * *", timezone=TIME_ZONE)
# A daily run holds a place while it waits for its children.
PLACES = 6


async def deployments() -> list[RunnerDeployment]:
    """Return the deployments that operators see in the Prefect UI."""
    return [
        await daily.ato_deployment(
            name="daily",
            schedule=DAILY_AT,
            concurrency_limit=ConcurrencyLimitConfig(
                limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
            ),
            description="Ingest every instance, each as a run of its own.",
            entrypoint_type=EntrypointType.MODULE_PATH,
        ),
        await ingest.ato_deployment(
            name="ingest",
            description="Bring the store of one instance up to date.",
            entrypoint_type=EntrypointType.MODULE_PATH,
        ),
        await access_refresh.ato_deployment(
            name="access-refresh",
            schedule=Cron("*/30 * * * *", timezone=TIME_ZONE),
            concurrency_limit=ConcurrencyLimitConfig(
                limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
            ),
            description="Read who may see what in every instance.",
            entrypoint_type=EntrypointType.MODULE_PATH,
        ),
    ]


async def serve_deployments() -> None:
    """Run the deployments from this process until it is stopped."""
    await wait_for_server()
    with temporary_settings(updates={PREFECT_LOGGING_EXTRA_LOGGERS: "warehouse"}):
        await aserve(*await deployments(), limit=PLACES)
