"""The figures of `make bench`, in the order in which they are measured; one module each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.bench import (
    access_overhead,
    incremental_vs_full,
    ingest_memory_growth,
    ingest_time_growth,
    ingest_unpaced,
    ingest_vs_ceiling,
    ingest_vs_n_plus_one,
    read_capped_count,
    read_deep_page,
    read_document,
    read_page,
    read_sparse,
    resync_requests,
    ten_changes,
    transform_vs_pipeline,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.bench.workbench import Workbench


@dataclass(frozen=True)
class Figure:
    """How a figure is measured; `bar` is what it must reach, `aim` what it should.

    `take` returns `ratio` or `value`, and the raw figures that it was made of. `on_demand`: it is
    measured only when asked for by name.
    """

    take: Callable[[Workbench], Awaitable[dict[str, Any]]]
    bar: float | None = None
    aim: float | None = None
    on_demand: bool = False

    async def measure(self, bench: Workbench) -> dict[str, Any]:
        taken = await self.take(bench)
        limits = {"bar": self.bar, "aim": self.aim}
        return taken | {name: limit for name, limit in limits.items() if limit is not None}


FIGURES = {
    "ingest_vs_ceiling": Figure(ingest_vs_ceiling.take, bar=0.85),
    "ingest_vs_n_plus_one": Figure(ingest_vs_n_plus_one.take, bar=15),
    "ingest_memory_growth_mb": Figure(ingest_memory_growth.take, bar=30),
    "ingest_time_growth": Figure(ingest_time_growth.take, bar=11),
    "ingest_unpaced": Figure(ingest_unpaced.take),
    "resync_requests_per_doctype": Figure(resync_requests.take, bar=1.3),
    "ten_changes_requests": Figure(ten_changes.take, on_demand=True),
    # With access on, as all reads here: 0.75 is what is asked with it, 0.8 what was without.
    "page_vs_raw": Figure(read_page.take, bar=0.75, aim=0.8),
    "sparse_vs_raw": Figure(read_sparse.take, bar=0.55),
    "document_vs_raw": Figure(read_document.take, bar=0.55),
    "access_overhead": Figure(access_overhead.take, bar=1.3),
    "deep_page_vs_first": Figure(read_deep_page.take, bar=1.1),
    "capped_count_vs_page": Figure(read_capped_count.take, bar=2),
    "transform_vs_pipeline": Figure(transform_vs_pipeline.take, bar=1.2),
    "incremental_vs_full": Figure(incremental_vs_full.take, bar=0.1),
}
