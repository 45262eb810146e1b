"""The subject: the engine's own run, into an empty datastore."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.bench.workbench import INSTANCE, Speed, Workbench
from warehouse.documents.control import Outcome, Run
from warehouse.documents.raw import raw_model
from warehouse.ingestion.run import Limits, ingest_instance
from warehouse.settings import ErpInstance

if TYPE_CHECKING:
    from demo.site.process import SiteProcess


def settings_of(site: SiteProcess) -> ErpInstance:
    """Return the instance's settings; rows per page and requests at once are the defaults."""
    return ErpInstance(instance=INSTANCE, url=site.url, api_key=site.key, api_secret=site.secret)


async def ingest(site: SiteProcess, bench: Workbench) -> Speed:
    """Ingest the whole site into an empty datastore."""
    async with bench.database():
        return await ingest_here(settings_of(site))


async def ingest_here(erp: ErpInstance) -> Speed:
    """Ingest into the datastore that the Beanie documents are bound to."""
    started = time.perf_counter()
    run = await run_once(erp)
    seconds = time.perf_counter() - started
    stored = await raw_model(INSTANCE).get_pymongo_collection().count_documents({})
    if not run.totals.new == stored > 0:
        raise RuntimeError(f"{stored} documents are stored, {run.totals.new} were counted")
    return Speed(stored, seconds)


async def run_once(erp: ErpInstance, limits: Limits | None = None) -> Run:
    """Run the engine; raise RuntimeError unless it completed."""
    run = await ingest_instance(erp, limits)
    if run.outcome is not Outcome.COMPLETED:
        raise RuntimeError(f"the run ended {run.outcome}: {run.failure or run.doctypes}")
    return run
