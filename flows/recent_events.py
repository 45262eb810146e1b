"""Ask the Prefect server whether something happened lately."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.events.filters import (
    EventFilter,
    EventNameFilter,
    EventOccurredFilter,
    EventResourceFilter,
)

if TYPE_CHECKING:
    from datetime import datetime

    from prefect.client.orchestration import PrefectClient


async def has_happened(client: PrefectClient, event: str, resource: str, since: datetime) -> bool:
    """Say whether the server knows of `event` on `resource` since then."""
    page = await client.read_events(
        EventFilter(
            occurred=EventOccurredFilter(since=since),
            event=EventNameFilter(name=[event]),
            resource=EventResourceFilter(id=[resource]),
        ),
        limit=1,
    )
    return bool(page.events)
