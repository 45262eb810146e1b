"""Documents/s of a site that answers as fast as it can, and where the engine's time goes."""

from __future__ import annotations

from typing import Any

from tests.bench.engine import ingest
from tests.bench.plain_client import read_everything, read_shapes
from tests.bench.sampling import Sampler
from tests.bench.workbench import Workbench, median


async def take(bench: Workbench) -> dict[str, Any]:
    site = bench.invoices()
    shapes = await read_shapes(site)
    speeds = await bench.interleave(
        engine=lambda: ingest(site, bench),
        plain_client=lambda: read_everything(site, shapes),
    )
    with Sampler() as sampler:
        await ingest(site, bench)
    return {
        "value": round(median(speeds["engine"]).per_s, 1),
        "rounds": bench.sizes.rounds,
        **{name: median(taken).describe() for name, taken in speeds.items()},
        "shares": sampler.shares(),
    }
