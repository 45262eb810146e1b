"""`csa serve`: the API on an address of this machine."""

from __future__ import annotations

import gc
import logging
import time
from functools import lru_cache
from typing import Annotated

import typer

from warehouse.settings import get_settings

STOP_WITHIN_S = 10


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = 8000,
) -> None:
    """Serve the API until Ctrl-C.

    Needs CSA_SECRET_KEY. Put a proxy with TLS before it, and name it in CSA_TRUSTED_PROXIES.
    """
    settings = get_settings()
    # Litestar takes half a second to import, which no other command should wait for.
    import uvicorn  # noqa: PLC0415

    from api.app import create_app  # noqa: PLC0415
    from api.sending import WholeAnswers  # noqa: PLC0415

    _log_to_stderr()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines name URLs
    app = create_app(settings)
    _collect_less_garbage()
    uvicorn.run(
        app,
        http=WholeAnswers,
        host=host,
        port=port,
        access_log=False,  # ours names routes, uvicorn's would name documents
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )


def _collect_less_garbage() -> None:
    """Leave what lives as long as the process alone, and look for cycles less often.

    A page is thousands of new objects and no cycle among them: at Python's own thresholds, looking
    for some takes a twentieth of the time that a page does.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def _log_to_stderr() -> None:
    """Log without what no line shows: where it was logged, and by which thread and process.

    Finding that out for each request would cost as much as routing it (see "Optimization" in
    Python's logging HOWTO).
    """
    logging._srcfile = None  # noqa: SLF001 - as the HOWTO has it
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _Lines(logging.Formatter):
    """Lines as logging's own, whose date and time of day are made once per second."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Return the local time, with milliseconds."""
        second = _format_second(int(record.created), datefmt or self.default_time_format)
        return f"{second},{record.msecs:03.0f}"


@lru_cache(maxsize=1)
def _format_second(second: int, form: str) -> str:
    return time.strftime(form, time.localtime(second))
