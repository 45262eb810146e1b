"""The automations that tell people: `python -m flows.alerts slack-webhook/csa sendgrid-email/csa`.

`prefect.yaml` holds triggers that start deployments, but no notifications. These run in the Prefect
server, so that they reach people when no worker is left. Applied again, they replace themselves.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from prefect import get_client
from prefect.events import AutomationCore, EventTrigger, Posture, SendNotification

from flows.events import FAILED_TWICE, STALE, WATCHED
from flows.server import wait_for_server

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from prefect.client.orchestration import PrefectClient
    from prefect.events.actions import ActionTypes

UNWATCHED_FOR = timedelta(hours=2)
SAID = (
    "{{ event.payload.said }} The runbook is docs/runbooks/{{ event.payload.runbook }}.md, "
    "also among the artifacts of the run."
)
UNWATCHED_SAID = (
    "No run of watch has looked at the store for two hours. Check that the workers (or csa flows) "
    "and MongoDB run. The runbook is docs/runbooks/stuck-run.md."
)


async def apply(blocks: Sequence[str]) -> list[str]:
    """Create or replace the automations, which notify through each of the blocks `type/name`.

    Returns:
        Their names.
    """
    await wait_for_server()
    async with get_client() as client:
        wanted = automations([await _find_block(client, block) for block in blocks])
        for automation in wanted:
            await _replace(client, automation)
    return [automation.name for automation in wanted]


def automations(block_ids: Sequence[UUID]) -> list[AutomationCore]:
    """Return the automations, notifying through each of the notification blocks."""
    return [
        AutomationCore(
            name="csa: an instance needs a hand",
            description="Two runs in a row did not go well, or a store is older than 36 hours.",
            trigger=EventTrigger(
                expect={FAILED_TWICE, STALE},
                for_each={"prefect.resource.id"},
                posture=Posture.Reactive,
                threshold=1,
            ),
            actions=_notify(block_ids, "{{ event.payload.instance }}", SAID),
        ),
        AutomationCore(
            name="csa: nobody watches the store",
            description="No worker has run watch for two hours.",
            trigger=EventTrigger(
                after={WATCHED},
                expect={WATCHED},
                posture=Posture.Proactive,
                threshold=1,
                within=UNWATCHED_FOR,
            ),
            actions=_notify(block_ids, "nothing runs", UNWATCHED_SAID),
        ),
    ]


def _notify(block_ids: Sequence[UUID], about: str, body: str) -> list[ActionTypes]:
    return [
        SendNotification(
            block_document_id=block_id, subject=f"CSA Data Warehouse: {about}", body=body
        )
        for block_id in block_ids
    ]


async def _find_block(client: PrefectClient, block: str) -> UUID:
    slug, _, name = block.partition("/")
    document = await client.read_block_document_by_name(name, block_type_slug=slug)
    return document.id


async def _replace(client: PrefectClient, automation: AutomationCore) -> None:
    known = await client.read_automations_by_name(automation.name)
    if not known:
        await client.create_automation(automation)
        return
    await client.update_automation(known[0].id, automation)


def main() -> None:
    """Apply them from the command line."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    blocks = sys.argv[1:]
    if not blocks or not all("/" in block for block in blocks):
        sys.exit("usage: python -m flows.alerts TYPE/NAME …, such as slack-webhook/csa")
    for name in asyncio.run(apply(blocks)):
        logging.getLogger("csa").info("%s: notifies through %s", name, ", ".join(blocks))


if __name__ == "__main__":
    main()
