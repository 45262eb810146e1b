"""Peak memory of an ingest of many documents, less that of an ingest of few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench.growth import grow, middle

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench


async def take(bench: Workbench) -> dict[str, Any]:
    growth = await grow(bench)
    value = middle(growth.many, "peak_mb") - middle(growth.few, "peak_mb")
    return {"value": round(value, 1), **growth.describe()}
