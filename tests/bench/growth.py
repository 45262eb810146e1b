"""The same ingest at two sizes, unpaced, each in a fresh process: what memory and time grow by."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tests.bench.ingest_process import ProcessRun, ingest_in_process

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench


@dataclass(frozen=True)
class Growth:
    """Runs at the usual and at the large size."""

    few: list[ProcessRun]
    many: list[ProcessRun]

    def describe(self) -> dict[str, Any]:
        return {
            "rounds": len(self.few),
            "few": [asdict(run) for run in self.few],
            "many": [asdict(run) for run in self.many],
        }


async def grow(bench: Workbench) -> Growth:
    """Measure both sizes, or return what another figure has measured."""
    growth: Growth = await bench.once("growth", lambda: _measure(bench))
    return growth


def middle(runs: list[ProcessRun], what: str) -> float:
    """Return the median of `what` over the runs."""
    return statistics.median(getattr(run, what) for run in runs)


async def _measure(bench: Workbench) -> Growth:
    growth = Growth([], [])
    with bench.many_invoices() as large:
        for number in range(1, bench.sizes.rounds + 1):
            for site, runs in ((bench.invoices(), growth.few), (large, growth.many)):
                run = await ingest_in_process(site, bench)
                runs.append(run)
                bench.say(
                    f"  {number}: {run.documents:,} documents {run.seconds:.1f} s, "
                    f"{run.peak_mb:.0f} MB"
                )
    return growth
