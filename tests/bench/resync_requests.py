"""Requests of a second run of an unchanged site ÷ its synced DocTypes; the catalog is included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.site.process import SiteProcess
from tests.bench.engine import run_once, settings_of
from tests.reference import FOLDER

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench


async def take(bench: Workbench) -> dict[str, Any]:
    dataset = FOLDER / "dataset" / "site1" if FOLDER else None
    with SiteProcess(dataset=dataset, documents=bench.sizes.documents) as site:
        async with bench.database():
            first = await run_once(settings_of(site))
            site.control.stats(reset=True)
            second = await run_once(settings_of(site))
            requests = site.control.stats()["total"]
    doctypes = second.quiet + len(second.doctypes)
    return {
        "value": round(requests / doctypes, 3),
        "site": "site1 of the reference" if dataset else "generated",
        "doctypes": doctypes,
        "documents": first.totals.new,
        "first_run_requests": first.totals.requests,
        "requests": requests,
        "seconds": second.totals.seconds,
    }
