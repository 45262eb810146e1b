"""Once a day: ingest every instance, each as a run of its own that an operator can retry."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.artifacts import table_cell
from flows.starting import start_and_wait
from flows.summary import DEFERRED
from warehouse.errors import ConfigurationError
from warehouse.settings import get_settings

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

TIME_ZONE = "Asia/Kolkata"
TIMEOUT_S = 12 * 3600
INGEST = "ingest/ingest"
TRANSFORM = "transform/transform"


def name_run() -> str:
    """Return the name of the run at hand: the day it was due on, in India."""
    return f"daily {flow_run.scheduled_start_time.astimezone(ZoneInfo(TIME_ZONE)):%Y-%m-%d %H:%M}"


@flow(name="daily", flow_run_name=name_run, timeout_seconds=TIMEOUT_S, persist_result=False)
async def daily(instances: list[str] | None = None) -> State[Any]:
    """Ingest `instances`, all when not given, side by side; then build what follows from them.

    One that fails or is deferred stops no other; nothing is built from it.
    """
    settings = get_settings()
    names = instances or list(settings.instances)
    if not names:
        raise ConfigurationError(
            "No ERPNext instance is configured.",
            cure="Set ERP__<ID>__URL, ERP__<ID>__API_KEY and ERP__<ID>__API_SECRET.",
        )
    ends = await asyncio.gather(
        *(start_and_wait(INGEST, name, {"instance": name}) for name in names)
    )
    states = dict(zip(names, ends, strict=True))
    whole = [name for name, state in states.items() if _is_whole(state)]
    if whole:
        states["transform"] = await start_and_wait(TRANSFORM, "all", {"instances": whole})
    await _publish(states)
    return conclude(states)


def conclude(states: dict[str, State[Any]]) -> State[Any]:
    """Return the state of the whole: failed if any part did, deferred if any was, named."""
    failed = {name: state for name, state in states.items() if not state.is_completed()}
    if failed:
        said = " ".join(f"{state.message}" for state in failed.values())
        return Failed(
            message=f"{len(failed)} of {len(states)} parts failed ({', '.join(failed)}). {said}"
        )
    deferred = [name for name, state in states.items() if state.name == DEFERRED]
    if deferred:
        return Completed(
            name=DEFERRED,
            message=f"{', '.join(deferred)} deferred; the next run goes on from there.",
        )
    return Completed(message=f"All {len(states) - 1} instances are up to date.")


def _is_whole(state: State[Any]) -> bool:
    return state.is_completed() and state.name != DEFERRED


async def _publish(states: dict[str, State[Any]]) -> None:
    lines = ["| part | state | what happened |", "| --- | --- | --- |"]
    lines += [
        f"| {name} | {state.name} | {table_cell(state.message or '')} |"
        for name, state in states.items()
    ]
    await acreate_markdown_artifact(
        "\n".join(lines), key="daily-summary", description="The parts of this day"
    )
