"""`python -m demo.site`: serve one sample ERPNext site on loopback until told to stop."""

import gc
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from demo.books import Mix, generate_books
from demo.site.app import create_app
from demo.site.auth import DEMO_KEY, DEMO_SECRET, Credentials
from demo.site.dataset import Dataset
from demo.site.folder import load_folder
from demo.site.logins import DEMO_PASSWORD
from demo.site.site import SampleSite

_HOST = "127.0.0.1"


class _AnnouncingServer(uvicorn.Server):
    """Says what it serves, and where, once it does."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"{self._announcement} on http://{_HOST}:{port}", flush=True)  # noqa: T201


def serve(  # noqa: PLR0913, PLR0917 - one option each
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")],
    dataset: Annotated[Path | None, typer.Option(help="A dataset folder to serve.")] = None,
    documents: Annotated[int, typer.Option(help="Generate about so many documents.")] = 1000,
    seed: Annotated[int, typer.Option(help="What the generated books follow from.")] = 1,
    mix: Annotated[Mix, typer.Option(help="What the generated documents mostly are.")] = (
        Mix.ORDINARY
    ),
    key: Annotated[str, typer.Option(help="The API key that the site knows.")] = DEMO_KEY,
    secret: Annotated[str, typer.Option(help="Its secret.")] = DEMO_SECRET,
    password: Annotated[
        str, typer.Option(help="What every user of the books signs in with.")
    ] = DEMO_PASSWORD,
    pace: Annotated[
        str | None, typer.Option(help="`erpnext`: answer no faster than a real site did.")
    ] = None,
) -> None:
    """Serve one sample ERPNext site."""
    if pace not in (None, "erpnext"):
        raise typer.BadParameter("the only pace is erpnext", param_hint="--pace")
    books = load_folder(dataset) if dataset else generate_books(documents, seed, mix=mix)
    site = SampleSite(books, Credentials(key, secret), "erpnext" if pace else None, password)
    announcement = (
        f'Sample ERPNext site "{_title(books)}" serves {len(site.control.store):,} documents'
    )
    gc.collect()
    gc.freeze()
    _run(site, port, announcement)


def _run(site: SampleSite, port: int, announcement: str) -> None:
    config = uvicorn.Config(
        create_app(site),
        host=_HOST,
        port=port,
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
    )
    # uvicorn raises the signal that stopped it once more when it is done; that ends nothing here.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    _AnnouncingServer(config, announcement).run()


def _title(books: Dataset) -> str:
    companies = books.documents.get("Company") or [{"name": "books"}]
    return str(companies[0]["name"])


if __name__ == "__main__":
    typer.run(serve)
