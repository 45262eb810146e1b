"""What every figure works with: a mongod, sizes, rounds, and the sample sites."""

from __future__ import annotations

import itertools
import statistics
import sys
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymongo import AsyncMongoClient

from demo.books import Mix
from demo.site.process import SiteProcess
from warehouse.documents.database import init_documents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from pymongo.asynchronous.database import AsyncDatabase

INSTANCE = "site"
# A large site takes half a minute to make, and much longer on a machine that is busy.
START_S = 3_600.0


@dataclass(frozen=True)
class Sizes:
    """Documents of the usual and of the large site, single reads sampled, rounds per median.

    `most_documents`: of the site that ten changes are looked for in; `inventory_rows`: up to how
    many documents a DocType's inventory is complete there.
    """

    documents: int
    many_documents: int
    single_reads: int
    rounds: int
    most_documents: int
    inventory_rows: int


FULL = Sizes(
    documents=5_000,
    many_documents=50_000,
    single_reads=300,
    rounds=3,
    most_documents=1_000_000,
    inventory_rows=20_000,
)
QUICK = Sizes(
    documents=200,
    many_documents=300,
    single_reads=8,
    rounds=1,
    most_documents=1_000,
    inventory_rows=50,
)


@dataclass(frozen=True)
class Speed:
    """Documents stored, or read, in `seconds`."""

    documents: int
    seconds: float

    @property
    def per_s(self) -> float:
        return self.documents / self.seconds

    def describe(self) -> dict[str, float]:
        return {
            "documents": self.documents,
            "seconds": round(self.seconds, 3),
            "documents_per_s": round(self.per_s, 1),
        }


@dataclass
class Workbench:
    """The parts that figures share."""

    mongodb_uri: str
    sizes: Sizes
    exits: ExitStack
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _sites: dict[str | None, SiteProcess] = field(default_factory=dict)
    _kept: dict[str, Any] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Tell the one who waits how far it is."""
        sys.stderr.write(f"{text}\n")

    def invoices(self, *, pace: str | None = None) -> SiteProcess:
        """Return a site of invoices of about 14 kB each, which runs until the bench ends."""
        if pace not in self._sites:
            self._sites[pace] = self.exits.enter_context(
                SiteProcess(documents=self.sizes.documents, mix=Mix.INVOICES, pace=pace)
            )
        return self._sites[pace]

    def many_invoices(self) -> SiteProcess:
        """Return the large site; the caller enters and leaves it."""
        return SiteProcess(documents=self.sizes.many_documents, mix=Mix.INVOICES, start_s=START_S)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
        """Give an empty datastore that is gone afterwards."""
        name = f"bench-{next(self._numbers)}"
        async with AsyncMongoClient(self.mongodb_uri, tz_aware=True) as client:
            await init_documents(client[name], [INSTANCE])
            try:
                yield client[name]
            finally:
                await client.drop_database(name)

    async def interleave(self, **takes: Callable[[], Awaitable[Speed]]) -> dict[str, list[Speed]]:
        """Measure each in turn, round by round, so that a busy machine is fair to all."""
        speeds: dict[str, list[Speed]] = {name: [] for name in takes}
        for number in range(1, self.sizes.rounds + 1):
            for name, take in takes.items():
                speed = await take()
                speeds[name].append(speed)
                self.say(f"  {number}: {name} {speed.per_s:,.1f} documents/s")
        return speeds

    async def once(self, key: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """Return what `make` gives, made by the first figure that asks for `key`."""
        if key not in self._kept:
            self._kept[key] = await make()
        return self._kept[key]


def median(speeds: list[Speed]) -> Speed:
    """Return the run in the middle (the lower of two)."""
    middle = statistics.median_low(speed.per_s for speed in speeds)
    return next(speed for speed in speeds if speed.per_s == middle)


def compare(subject: list[Speed], baseline: list[Speed]) -> float:
    """Return the median of the ratios of each round, and so of runs that were neighbours."""
    pairs = zip(subject, baseline, strict=True)
    return round(statistics.median(ours.per_s / theirs.per_s for ours, theirs in pairs), 3)
