"""Wait for the Prefect server, which may be starting beside us."""

from __future__ import annotations

from httpx import HTTPError
from prefect import get_client
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

WAIT_S = 300


@retry(
    retry=retry_if_exception_type((HTTPError, RuntimeError)),
    stop=stop_after_delay(WAIT_S),
    wait=wait_fixed(0.25),
    reraise=True,
)
async def wait_for_server() -> None:
    """Return once the server that PREFECT_API_URL names is healthy.

    Raises:
        HTTPError, RuntimeError: if it is not within WAIT_S.
    """
    async with get_client() as client:
        failure = await client.api_healthcheck()
        if failure:
            raise RuntimeError("the Prefect server is not healthy") from failure
