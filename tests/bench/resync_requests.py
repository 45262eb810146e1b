"""Requests of a run on an unchanged site ÷ its synced DocTypes; the catalog is included."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from demo.site.process import SiteProcess
from tests.bench.engine import run_once, settings_of
from tests.reference import FOLDER

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench
    from warehouse.documents.control import Run


async def take(bench: Workbench) -> dict[str, Any]:
    dataset = FOLDER / "dataset" / "site1" if FOLDER else None
    with SiteProcess(dataset=dataset, documents=bench.sizes.documents) as site:
        async with bench.database():
            first = await run_once(settings_of(site))
            again = [await _run_again(site) for _ in range(bench.sizes.rounds)]
    last = again[-1][0]
    doctypes = last.quiet + len(last.doctypes)
    requests = [number for _, number in again]
    return {
        "value": round(statistics.median(requests) / doctypes, 3),
        "rounds": len(again),
        "site": "site1 of the reference" if dataset else "generated",
        "doctypes": doctypes,
        "documents": first.totals.new,
        "first_run_requests": first.totals.requests,
        "requests": requests,
        "seconds": [run.totals.seconds for run, _ in again],
    }


async def _run_again(site: SiteProcess) -> tuple[Run, int]:
    """Run once more; return the run and the requests that the site answered."""
    site.control.stats(reset=True)
    run = await run_once(settings_of(site))
    return run, site.control.stats()["total"]
