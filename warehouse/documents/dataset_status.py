"""How each dataset does: what is live, how old and how whole it is, what failed. For people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from warehouse.documents.control import Failure
from warehouse.documents.datasets import Gap, LivePartition, read_pointer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.datasets.declaration import Dataset


class DatasetStatus(BaseModel):
    """One dataset, over the instances that were asked for.

    `built_at`: its latest build. `transformed_at`: when it was last found to be up to date, or
    brought there. `as_of`: the moment that all of its sources are complete as of. `is_late`: that
    is longer ago than the dataset promises. `warnings`: checks that failed and block nothing, with
    the number of partitions. `failures`: partition → why its last build did not become live.
    """

    slug: str
    title: str
    built_at: datetime | None = None
    transformed_at: datetime | None = None
    as_of: datetime | None = None
    is_late: bool = True
    partitions: int = 0
    rows: int = 0
    rejected: int = 0
    gaps: list[Gap] = Field(default_factory=list)
    warnings: dict[str, int] = Field(default_factory=dict)
    failures: dict[str, Failure] = Field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        """Whether it is built, on time, whole, and nothing failed."""
        return bool(self.built_at and not (self.is_late or self.gaps or self.failures))


async def read_dataset_status(
    dataset: Dataset, instances: Iterable[str], now: datetime
) -> DatasetStatus:
    """Return the status of a dataset as far as it is of `instances`."""
    pointer, chosen = await read_pointer(dataset.slug), set(instances)
    live = [one for one in pointer.live if one.slot.instance in chosen]
    as_of = find_as_of(live)
    warnings: dict[str, int] = {}
    for code in (code for one in live for code in one.warnings):
        warnings[code] = warnings.get(code, 0) + 1
    failures = {str(one.slot): one.failure for one in live if one.failure}
    failures |= {
        slot: why for slot, why in pointer.failed.items() if slot.split(" ", 1)[0] in chosen
    }
    return DatasetStatus(
        slug=dataset.slug,
        title=dataset.title,
        built_at=max((one.built_at for one in live), default=None),
        transformed_at=pointer.transformed_at,
        as_of=as_of,
        is_late=as_of is None or now - as_of > timedelta(hours=dataset.freshness_hours),
        partitions=len(live),
        rows=sum(one.rows for one in live),
        rejected=sum(one.rejected for one in live),
        gaps=_distinct(gap for one in live for gap in one.gaps),
        warnings=warnings,
        failures=failures,
    )


def find_as_of(live: Iterable[LivePartition]) -> datetime | None:
    """Return the moment that all of them are complete as of; None if of one it is not known.

    Of daily snapshots the latest counts.
    """
    latest: dict[str, LivePartition] = {}
    counted: list[LivePartition] = []
    for one in live:
        if one.slot.as_of is None:
            counted.append(one)
        elif one.slot.instance not in latest or one.slot.as_of > str(
            latest[one.slot.instance].slot.as_of
        ):
            latest[one.slot.instance] = one
    moments = [one.as_of for one in (*counted, *latest.values())]
    known = [moment for moment in moments if moment]
    return min(known) if known and len(known) == len(moments) else None


def _distinct(gaps: Iterable[Gap]) -> list[Gap]:
    return sorted(set(gaps), key=lambda gap: (gap.instance, gap.doctype, gap.reason))
