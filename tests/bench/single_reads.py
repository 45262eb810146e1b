"""The baseline N+1: each document by a single read, over 4 connections, stored as the engine does.

Reads a sample; documents/s of single reads do not depend on how many there are.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tests.bench.engine import settings_of
from tests.bench.plain_client import connect, walk
from tests.bench.workbench import Speed, Workbench
from warehouse.documents.control import DocTypeReport
from warehouse.ingestion.assembly import Document, assemble
from warehouse.ingestion.run import Limits, Surroundings, open_run
from warehouse.ingestion.storing import store_documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from demo.site.process import SiteProcess
    from warehouse.erpnext.meta import Shape

CONNECTIONS = 4
READ = "/api/method/frappe.client.get"


async def choose_names(site: SiteProcess, doctype: str, number: int) -> list[str | int]:
    """Return names to sample; not part of what is timed."""
    async with connect(site) as client:
        async for names in walk(client, doctype):
            return names[:number]
    raise RuntimeError(f"the site has no {doctype}")


async def read_and_store(
    site: SiteProcess, bench: Workbench, shape: Shape, names: list[str | int]
) -> Speed:
    """Read the documents `names` one by one and store them in one bulk."""
    async with (
        bench.database(),
        open_run(settings_of(site), "bench", Limits(), Surroundings()) as run,
        connect(site, CONNECTIONS) as client,
    ):
        started = time.perf_counter()
        left = iter(names)
        read = await asyncio.gather(*(_read(client, shape, left) for _ in range(CONNECTIONS)))
        documents = [document for part in read for document in part]
        report = DocTypeReport(doctype=shape.doctype)
        await store_documents(run.session, shape.doctype, documents, report)
        if report.new != len(names):
            raise RuntimeError(f"{report.new} of {len(names)} documents were stored")
        return Speed(len(names), time.perf_counter() - started)


async def _read(
    client: httpx.AsyncClient, shape: Shape, left: Iterator[str | int]
) -> list[Document]:
    documents = []
    for name in left:
        answer = await client.get(READ, params={"doctype": shape.doctype, "name": str(name)})
        documents.append(assemble(shape, answer.raise_for_status().json()["message"]))
    return documents
