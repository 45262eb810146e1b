"""Time of an ingest of ten times as many documents ÷ time of an ingest of few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench.growth import grow, middle

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench


async def take(bench: Workbench) -> dict[str, Any]:
    growth = await grow(bench)
    ratio = middle(growth.many, "seconds") / middle(growth.few, "seconds")
    return {"ratio": round(ratio, 2), **growth.describe()}
