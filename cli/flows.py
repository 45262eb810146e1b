"""`csa flows`: the Prefect deployments from one process."""

from __future__ import annotations

import asyncio

from warehouse.settings import get_settings


def flows() -> None:
    """Serve the Prefect deployments: daily, ingest, transform and the others of docs/operations.md.

    Needs a Prefect server: PREFECT_API_URL says where. For several machines use prefect.yaml.
    """
    get_settings()
    # Prefect takes seconds to import, which no other command should wait for.
    from flows.deployments import serve_deployments  # noqa: PLC0415

    asyncio.run(serve_deployments())
