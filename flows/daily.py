"""Once a day: ingest every instance, each as a run of its own that an operator can retry."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from prefect import flow
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.starting import start_and_wait
from warehouse.errors import ConfigurationError
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

TIME_ZONE = "Asia/Kolkata"
TIMEOUT_S = 12 * 3600
INGEST = "ingest/ingest"


def name_run() -> str:
    """Return the name of the run at hand: the day it was due on, in India."""
    return f"daily {flow_run.scheduled_start_time.astimezone(ZoneInfo(TIME_ZONE)):%Y-%m-%d %H:%M}"


@flow(name="daily", flow_run_name=name_run, timeout_seconds=TIMEOUT_S, persist_result=False)
async def daily(instances: list[str] | None = None) -> State[Any]:
    """Ingest `instances`, all when not given, side by side; one that fails stops no other."""
    settings = get_settings()
    names = instances or list(settings.instances)
    if not names:
        raise ConfigurationError(
            "No ERPNext instance is configured.",
            cure="Set ERP__<ID>__URL, ERP__<ID>__API_KEY and ERP__<ID>__API_SECRET.",
        )
    states = await asyncio.gather(
        *(start_and_wait(INGEST, name, {"instance": name}) for name in names)
    )
    return conclude(dict(zip(names, states, strict=True)))


def conclude(states: dict[str, State[Any]]) -> State[Any]:
    """Return the state of the whole: failed if any instance did, deferred if any was, named."""
    failed = {name: state for name, state in states.items() if not state.is_completed()}
    if failed:
        said = " ".join(f"{state.message}" for state in failed.values())
        return Failed(
            message=f"{len(failed)} of {len(states)} instances failed ({', '.join(failed)}). {said}"
        )
    deferred = [name for name, state in states.items() if state.name == "Deferred"]
    if deferred:
        return Completed(
            name="Deferred",
            message=f"{', '.join(deferred)} deferred; the next run goes on from there.",
        )
    return Completed(message=f"All {len(states)} instances are up to date.")
