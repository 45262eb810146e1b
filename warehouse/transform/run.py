"""One transform: dataset by dataset in order, each partition that is out of date, then the swap."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from warehouse.cleaning.curated import Curated, read_curated
from warehouse.datasets.declaration import Partition
from warehouse.datasets.registry import load_registry
from warehouse.datasets.scope import Scope
from warehouse.documents.business import init_business
from warehouse.documents.control import read_time_zone
from warehouse.documents.datasets import BuildState, fence_pointer, read_last_token, read_pointer
from warehouse.documents.identity_key import read_identity_key
from warehouse.ingestion.lease import hold_lease
from warehouse.ingestion.run import utc_now
from warehouse.transform.building import FATAL, Order, build, doubt_digests, record_failed_plan
from warehouse.transform.crosswalks import mirror
from warehouse.transform.gaps import judge_wholeness, read_states
from warehouse.transform.links import read_links
from warehouse.transform.observing import observe
from warehouse.transform.planning import (
    Versions,
    find_live,
    is_current,
    list_slots,
    read_inputs,
    read_live_builds,
)
from warehouse.transform.streaming import StoreReader
from warehouse.transform.swapping import Swap, sweep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from pymongo.asynchronous.database import AsyncDatabase

    from warehouse.datasets.declaration import Dataset, Row, Source
    from warehouse.datasets.registry import Registry
    from warehouse.documents.datasets import DatasetBuild, DatasetPointer, Slot
    from warehouse.ingestion.lease import HeldLease
    from warehouse.transform.links import Links

# No instance can be called so.
LEASE = "csa transform"
# Partitions that MongoDB builds side by side.
WORKERS = 3


@dataclass(frozen=True, slots=True)
class Terms:
    """How to transform.

    `full`: whatever the inputs' versions say. `only`: these instances' own partitions, and what
    goes over all instances; the others keep what they have.
    """

    full: bool = False
    only: frozenset[str] = frozenset()
    registry: Registry = field(default_factory=load_registry)
    curated: Curated = field(default_factory=read_curated)
    clock: Callable[[], datetime] = utc_now


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What a transform did with a dataset: its pointer afterwards, and the builds of this run."""

    dataset: Dataset
    pointer: DatasetPointer
    built: list[DatasetBuild]
    current: int
    seconds: float

    @property
    def failed(self) -> list[DatasetBuild]:
        """The builds that did not pass."""
        return [one for one in self.built if one.state is BuildState.FAILED]

    @property
    def rows(self) -> int:
        """The rows that are live."""
        return sum(one.rows for one in self.pointer.live)


@dataclass(slots=True)
class Plan:
    """What is to be done: builds, those that failed already, and how many are up to date."""

    orders: list[Order] = field(default_factory=list)
    failed: list[DatasetBuild] = field(default_factory=list)
    current: int = 0


@dataclass(slots=True)
class Transform:
    """A transform under way, under its lease."""

    terms: Terms
    instances: tuple[str, ...]
    lease: HeldLease
    identity_key: bytes = field(repr=False)
    begun_at: datetime
    versions: Versions = field(default_factory=Versions)
    zones: dict[str, ZoneInfo] = field(default_factory=dict)
    _upstream: dict[str, DatasetPointer] = field(default_factory=dict)
    _settings: dict[tuple[str, Source], list[Row]] = field(default_factory=dict)

    async def run(self, dataset: Dataset) -> DatasetReport:
        """Bring a dataset up to date and swap its pointer.

        Raises:
            LeaseLost: if another transform took over.
            ConnectionFailure: if MongoDB is gone.
        """
        started = self.terms.clock()
        pointer = await fence_pointer(dataset.slug, self.lease.token)
        await sweep(pointer, started)
        await self._read_upstream(dataset)
        links = await self._read_links(dataset)
        swap = Swap(dataset, pointer, self.lease.token, self.begun_at, links)
        plan = await self._plan(dataset, pointer, links)
        built = plan.failed + await self._build(plan.orders)
        await doubt_digests(dataset, built, self.versions)
        await self.lease.assert_held()
        if dataset.crosswalk:
            await mirror(dataset, [one for one in built if one.state is not BuildState.FAILED])
        for instance in self._choose_instances(dataset):
            states = await read_states(instance)
            sources = self._sources_under(dataset)
            swap.wholeness[instance] = judge_wholeness(instance, sources, states)
        after = await swap.commit(built, self.terms.clock())
        seconds = (self.terms.clock() - started).total_seconds()
        return DatasetReport(dataset, after, built, plan.current, seconds)

    async def _plan(
        self, dataset: Dataset, pointer: DatasetPointer, links: dict[str, Links]
    ) -> Plan:
        """Return what to build; a rule that fails while it is asked costs its own partition."""
        live = await read_live_builds(pointer)
        chosen = self._choose_instances(dataset)
        scopes = {instance: await self._scope(dataset, instance) for instance in chosen}
        slots = await list_slots(dataset, scopes, pointer, self.versions)
        if dataset.partition is Partition.ACROSS:
            together = [tuple(slots)] if slots else []
        else:
            together = [(slot,) for slot in slots]
        plan = Plan()
        for group in together:
            try:
                order = await self._order(dataset, group, links)
                if not self.terms.full and await self._is_current(order, live):
                    plan.current += len(group)
                else:
                    plan.orders.append(order)
            except FATAL:
                raise
            except Exception as error:  # noqa: BLE001 as the wall around a build
                token, now = self.lease.token, self.terms.clock()
                plan.failed += await record_failed_plan(dataset, group, token, error, now)
        return plan

    async def _build(self, orders: list[Order]) -> list[DatasetBuild]:
        """Build partitions, a few side by side."""
        slots = asyncio.Semaphore(WORKERS)

        async def work(order: Order) -> list[DatasetBuild]:
            async with slots:
                return await build(order, self.versions, self.terms.clock)

        working = [asyncio.ensure_future(work(order)) for order in orders]
        try:
            return [record for one in await asyncio.gather(*working) for record in one]
        finally:
            for one in working:
                one.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    def _choose_instances(self, dataset: Dataset) -> list[str]:
        if dataset.partition is Partition.ACROSS or not self.terms.only:
            return list(self.instances)
        return [instance for instance in self.instances if instance in self.terms.only]

    async def _order(
        self, dataset: Dataset, slots: tuple[Slot, ...], links: dict[str, Links]
    ) -> Order:
        across = dataset.partition is Partition.ACROSS
        first = slots[0]
        scope = await self._scope(dataset, "" if across else first.instance, first.month)
        carried = {key: value for one in slots for key, value in links[one.instance].items()}
        inputs = await read_inputs(dataset, scope, carried, self.versions)
        return Order(
            dataset=dataset,
            scope=scope,
            slots=slots,
            inputs=inputs,
            links=links,
            token=self.lease.token,
        )

    async def _is_current(self, order: Order, live: dict[Slot, DatasetBuild]) -> bool:
        builds = [live.get(slot) for slot in order.slots]
        return all(
            [
                found is not None
                and await is_current(order.dataset, order.scope, found, order.inputs, self.versions)
                for found in builds
            ]
        )

    async def _read_upstream(self, dataset: Dataset) -> None:
        self._upstream = {one.slug: await read_pointer(one.slug) for one in dataset.upstreams}

    async def _scope(self, dataset: Dataset, instance: str, month: str | None = None) -> Scope:
        instances = (instance,) if instance else self.instances
        live = find_live(dataset, self._upstream, instances, month)
        reader = StoreReader(live)
        return Scope(
            dataset=dataset,
            instance=instance,
            instances=instances,
            month=month,
            as_of=await self._today(instance or self.instances[0]),
            live=live,
            reader=reader,
            settings=await self._read_settings(dataset, instance, reader) if instance else {},
            curated=self.terms.curated,
            identity_key=self.identity_key,
            observations=await observe(instance, dataset) if dataset.observes else (),
        )

    async def _read_settings(
        self, dataset: Dataset, instance: str, reader: StoreReader
    ) -> dict[str, list[Row]]:
        """Return DocType → documents, by name, of a dataset's sources that are settings."""
        for source in dataset.doctypes:
            if source.is_setting and (instance, source) not in self._settings:
                # Before they are read: a change in between makes partitions out of date again.
                await self.versions.digest_settings(instance, source)
                rows = [row async for row in reader.documents(source, instance, {})]
                self._settings[instance, source] = sorted(rows, key=itemgetter("name"))
        return {
            source.doctype: self._settings[instance, source]
            for source in dataset.doctypes
            if source.is_setting
        }

    async def _today(self, instance: str) -> str:
        if instance not in self.zones:
            self.zones[instance] = await read_time_zone(instance)
        return self.terms.clock().astimezone(self.zones[instance]).date().isoformat()

    async def _read_links(self, dataset: Dataset) -> dict[str, Links]:
        return {
            instance: await read_links(instance, dataset.rows_of) for instance in self.instances
        }

    def _sources_under(self, dataset: Dataset) -> list[Any]:
        found = {source.doctype: source for source in dataset.doctypes}
        for upstream in dataset.upstreams:
            for source in self._sources_under(self.terms.registry.get(upstream.slug)):
                found.setdefault(source.doctype, source)
        return list(found.values())


@asynccontextmanager
async def open_transform(
    business: AsyncDatabase[dict[str, Any]], instances: Iterable[str], terms: Terms | None = None
) -> AsyncIterator[Transform]:
    """Hold the lease of transforms while the block runs; the datastore's documents are bound.

    Raises:
        LeaseHeld: if another process transforms.
    """
    terms = terms or Terms()
    await init_business(business, terms.registry.datasets)
    async with hold_lease(LEASE, "transform", beyond=await read_last_token()) as lease:
        key = await read_identity_key()
        yield Transform(terms, tuple(sorted(instances)), lease, key, terms.clock())
