"""Documents/s stored end to end ÷ documents/s of the same store fed by single reads."""

from __future__ import annotations

from typing import Any

from tests.bench.engine import ingest
from tests.bench.plain_client import read_shapes
from tests.bench.single_reads import CONNECTIONS, choose_names, read_and_store
from tests.bench.workbench import Workbench, compare, median

DOCTYPE = "Sales Invoice"


async def take(bench: Workbench) -> dict[str, Any]:
    site = bench.invoices(pace="erpnext")
    shape = next(shape for shape in await read_shapes(site) if shape.doctype == DOCTYPE)
    names = await choose_names(site, DOCTYPE, bench.sizes.single_reads)
    speeds = await bench.interleave(
        engine=lambda: ingest(site, bench),
        single_reads=lambda: read_and_store(site, bench, shape, names),
    )
    sample = f"{len(names)} documents of {bench.sizes.documents}; documents/s taken as constant"
    return {
        "ratio": compare(speeds["engine"], speeds["single_reads"]),
        "rounds": bench.sizes.rounds,
        **{name: median(taken).describe() for name, taken in speeds.items()},
        "single_reads_connections": CONNECTIONS,
        "single_reads_sample": sample,
    }
