"""The deployments, for `csa flows` in one process; `prefect.yaml` says the same for work pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect import aserve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.events import DeploymentEventTrigger
from prefect.schedules import Cron
from prefect.settings import PREFECT_LOGGING_EXTRA_LOGGERS, temporary_settings
from prefect.types.entrypoint import EntrypointType

from flows.access_refresh import access_refresh
from flows.backfill import backfill
from flows.daily import TIME_ZONE, daily
from flows.events import UPDATED
from flows.ingest import ingest
from flows.reconcile import reconcile
from flows.server import wait_for_server
from flows.transform import transform
from flows.watch import watch
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.deployments.runner import RunnerDeployment

    from warehouse.settings import Settings

# What may be on beside a run for each instance: daily, which holds a place while it waits for them,
# transform, access-refresh, watch, and two that an operator has started.
PLACES_BESIDE = 6

# What each deployment is beside its flow; it has the flow's name.
DEPLOYMENTS: dict[Flow[..., Any], dict[str, Any]] = {
    daily: {
        "description": "Ingest every instance, each as a run of its own, then build the datasets.",
        "schedule": Cron("0 1 * * *", timezone=TIME_ZONE),
        "concurrency_limit": ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
        ),
    },
    ingest: {"description": "Bring the store of one instance up to date."},
    transform: {
        "description": "Build the datasets that follow from the instances.",
        "concurrency_limit": ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE
        ),
        "triggers": [
            DeploymentEventTrigger(
                name="transform what an operator has brought up to date",
                expect={UPDATED},
                parameters={"instances": ["{{ event.payload.instance }}"]},
            )
        ],
    },
    reconcile: {"description": "Make the store of one instance equal its ERP, all of it compared."},
    backfill: {"description": "Catch up on what one instance saved since a day, or on everything."},
    access_refresh: {
        "description": "Read who may see what in every instance.",
        "schedule": Cron("*/30 * * * *", timezone=TIME_ZONE),
        "concurrency_limit": ConcurrencyLimitConfig(
            limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
        ),
    },
    watch: {
        "description": "Mark abandoned runs as Crashed; fail when the store of an instance is old.",
        "schedule": Cron("*/30 * * * *", timezone=TIME_ZONE),
    },
}


async def deployments() -> list[RunnerDeployment]:
    """Return the deployments that operators see in the Prefect UI."""
    return [
        await each.ato_deployment(
            name=each.name, entrypoint_type=EntrypointType.MODULE_PATH, **options
        )
        for each, options in DEPLOYMENTS.items()
    ]


def count_places(settings: Settings) -> int:
    """Return how many runs may be on at once: long ones on every instance keep no other waiting."""
    return len(settings.instances) + PLACES_BESIDE


async def serve_deployments() -> None:
    """Run the deployments from this process until it is stopped.

    Their schedules stay on when it stops, so that a run that was due meanwhile is made up for.
    """
    await wait_for_server()
    with temporary_settings(updates={PREFECT_LOGGING_EXTRA_LOGGERS: "warehouse"}):
        await aserve(
            *await deployments(), limit=count_places(get_settings()), pause_on_shutdown=False
        )
