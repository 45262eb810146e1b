"""Documents/s stored end to end ÷ documents/s of a plain client that throws the bodies away."""

from __future__ import annotations

from typing import Any

from tests.bench.engine import ingest
from tests.bench.plain_client import read_everything, read_shapes
from tests.bench.workbench import Workbench, compare, median


async def take(bench: Workbench) -> dict[str, Any]:
    site = bench.invoices(pace="erpnext")
    shapes = await read_shapes(site)
    speeds = await bench.interleave(
        engine=lambda: ingest(site, bench),
        plain_client=lambda: read_everything(site, shapes),
    )
    return {
        "ratio": compare(speeds["engine"], speeds["plain_client"]),
        "rounds": bench.sizes.rounds,
        **{name: median(taken).describe() for name, taken in speeds.items()},
    }
