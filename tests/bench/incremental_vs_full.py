"""Seconds of a transform after 1 % of the documents changed ÷ seconds of building everything.

The ones that changed are the latest, as on any working day. `scattered`: the same number all over
two years, which leaves no month as it was; what that costs is told without a bar.
"""

from __future__ import annotations

import statistics
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.bench.transform_store import DOCTYPE, open_store
from tests.bench.workbench import INSTANCE
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench

ONE_IN = 100


async def take(bench: Workbench) -> dict[str, Any]:
    full_s: list[float] = []
    latest_s: list[float] = []
    scattered_s: list[float] = []
    async with open_store(bench) as store:
        names = await _list_names()
        await store.build()
        number = max(1, len(names) // ONE_IN)
        for round_number in range(1, bench.sizes.rounds + 1):
            _, seconds = await store.build(full=True)
            full_s.append(seconds)
            for changed, taken in (
                (names[-number:], latest_s),
                (names[::ONE_IN], scattered_s),
            ):
                await _change(changed)
                _, seconds = await store.build()
                taken.append(seconds)
            said = f"full {full_s[-1]:.2f} s, latest {latest_s[-1]:.2f} s"
            bench.say(f"  {round_number}: {said}, scattered {scattered_s[-1]:.2f} s")
    return {
        "ratio": _ratio(latest_s, full_s),
        "rounds": bench.sizes.rounds,
        "documents": bench.sizes.documents,
        "changed": number,
        "full_s": [round(seconds, 3) for seconds in full_s],
        "latest_s": [round(seconds, 3) for seconds in latest_s],
        "scattered": {
            "ratio": _ratio(scattered_s, full_s),
            "seconds": [round(seconds, 3) for seconds in scattered_s],
        },
    }


def _ratio(some: list[float], full: list[float]) -> float:
    pairs = zip(some, full, strict=True)
    return round(statistics.median(part / whole for part, whole in pairs), 3)


async def _list_names() -> list[str]:
    """Return the invoices by their dates."""
    collection = raw_model(INSTANCE).get_pymongo_collection()
    found = collection.find({"doctype": DOCTYPE}, {"name": 1, "document_data.posting_date": 1})
    return [row["name"] async for row in found.sort("document_data.posting_date")]


async def _change(names: list[str]) -> None:
    """Store documents anew, as ingestion does with those that were edited."""
    collection = raw_model(INSTANCE).get_pymongo_collection()
    changed = {"synced_at": datetime.now(UTC), "document_data.remarks": "edited"}
    which = {"doctype": DOCTYPE, "name": {"$in": names}}
    await collection.update_many(which, {"$set": changed, "$inc": {"document_data.idx": 1}})
