"""`csa serve`: the API on an address of this machine."""

from __future__ import annotations

import logging
from typing import Annotated

import typer
import uvicorn

from api.app import create_app
from warehouse.settings import get_settings

STOP_WITHIN_S = 10


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = 8000,
) -> None:
    """Serve the API until Ctrl-C.

    Needs CSA_SECRET_KEY and CSA_OPERATOR_TOKEN. Put a proxy with TLS before it: the token is in
    every request.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # It logs each request to MongoDB's address and its answer's size.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    uvicorn.run(
        create_app(get_settings()),
        host=host,
        port=port,
        access_log=False,  # ours names routes, uvicorn's would name documents
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
