"""The one way to the rows of datasets: `Datasets.open`, which takes the subject."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymongo.errors import ExecutionTimeout

from warehouse.access.verdict import Access, OwnerBranch
from warehouse.dashboards.verdicts import (
    NOTHING,
    Case,
    Grant,
    Refusal,
    columns_of,
    judge,
    shows_in_all,
)
from warehouse.datasets.declaration import Partition
from warehouse.documents.business import rows_of
from warehouse.documents.datasets import read_pointer
from warehouse.documents.raw import raw_model
from warehouse.errors import AccessSnapshotStale, DatasetError, DatasetNeedsFullAccess, NotReadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from warehouse.access.snapshots import Snapshots
    from warehouse.access.verdict import Denial
    from warehouse.dashboards.verdicts import Condition
    from warehouse.datasets.declaration import Dataset
    from warehouse.datasets.registry import Registry
    from warehouse.documents.control import Failure
    from warehouse.documents.datasets import DatasetPointer, LivePartition
    from warehouse.reading.subject import Subject

# A filter that holds more names than this is none that MongoDB should be given.
MOST_OWNED = 10_000
LOOK_LIMIT_MS = 2_000


@dataclass(frozen=True, slots=True)
class OpenDataset:
    """A dataset as a subject sees it, by the pointer of this moment.

    `condition`: what a row must meet to be seen. `hidden`: columns that are as good as absent.
    `given`: the instances whose rows may be among them, `live`: the partitions of those that have
    any for the subject, `failed`: their partitions that never had a build that passed.
    `refusals`: the instances of which nothing is given.
    """

    dataset: Dataset
    pointer: DatasetPointer
    condition: Condition
    hidden: frozenset[str]
    given: frozenset[str]
    refusals: tuple[Refusal, ...]
    live: tuple[LivePartition, ...]
    failed: Mapping[str, Failure] = field(default_factory=dict)

    def is_seen_as(self, other: OpenDataset) -> bool:
        """Say whether of one pointer's rows the same is seen."""
        return (self.condition, self.hidden) == (other.condition, other.hidden)


@dataclass(frozen=True, slots=True)
class Datasets:
    """Opens datasets; `instances`: those of the settings."""

    registry: Registry
    snapshots: Snapshots
    instances: frozenset[str]

    def find(self, slug: str) -> Dataset:
        """Return a dataset.

        Raises:
            NotReadable: if there is none of that slug.
        """
        try:
            return self.registry.get(slug)
        except DatasetError:
            raise NotReadable from None

    async def open(
        self,
        subject: Subject,
        slug: str,
        only: frozenset[str] | None = None,
        pointer: DatasetPointer | None = None,
    ) -> OpenDataset:
        """Return a dataset as `subject` sees it, of the instances `only` if that is given.

        By the pointer of this moment, or by an earlier one.

        Raises:
            NotReadable: if there is none of that slug.
            DatasetNeedsFullAccess: if nothing is given of any instance that was asked for.
            AccessSnapshotStale: if that is so because nobody knows who may see what.
        """
        opened = await self.look(subject, slug, only, pointer)
        if opened.refusals and not opened.given:
            raise _refuse(opened.dataset, opened.refusals)
        return opened

    async def look(
        self,
        subject: Subject,
        slug: str,
        only: frozenset[str] | None = None,
        pointer: DatasetPointer | None = None,
    ) -> OpenDataset:
        """Return the same for a description, which is given even if no row is.

        Raises:
            NotReadable: if there is none of that slug.
        """
        dataset = self.find(slug)
        pointer = pointer or await read_pointer(slug)
        grants: dict[str, Grant] = {}
        refusals: list[Refusal] = []
        for instance, user in sorted(subject.users.items()):
            if instance in self.instances and (only is None or instance in only):
                verdict = await self._judge(dataset, pointer, instance, user)
                if isinstance(verdict, Grant):
                    grants[instance] = verdict
                else:
                    refusals.append(verdict)
        built = {one.slot.instance for one in pointer.live}
        shown = {name for name in built & grants.keys() if await _shows_any(slug, grants[name])}
        whole = {name for name, grant in grants.items() if grant.is_whole}
        failed = {
            slot: why for slot, why in pointer.failed.items() if slot.split()[0] in shown | whole
        }
        hidden = frozenset(name for grant in grants.values() for name in grant.hidden)
        return OpenDataset(
            dataset=dataset,
            pointer=pointer,
            condition=_any_of([grant.condition for grant in grants.values()]),
            hidden=hidden | await self._hide_matches(subject, dataset, pointer),
            given=frozenset(grants),
            refusals=tuple(refusals),
            live=tuple(one for one in pointer.live if one.slot.instance in shown),
            failed=failed,
        )

    async def _hide_matches(
        self, subject: Subject, dataset: Dataset, pointer: DatasetPointer
    ) -> frozenset[str]:
        """Return the columns that tell of documents of instances where they may not all be seen.

        Whichever instances are asked for: their rows were compared with those of all others.
        """
        telling = [one for one in columns_of(dataset) if one.is_across]
        if not telling:
            return frozenset()
        paths = {path for column in telling for path in column.evidence}
        pointers = [pointer, *[await read_pointer(slug) for slug in self._find_across(dataset)]]
        for instance in {one.slot.instance for found in pointers for one in found.live}:
            if not await self._shows_all(subject, instance, paths):
                return frozenset(column.name for column in telling)
        return frozenset()

    def _find_across(self, dataset: Dataset) -> list[str]:
        upstreams = [self.registry.get(one.slug) for one in dataset.upstreams]
        return [one.slug for one in upstreams if one.partition is Partition.ACROSS]

    async def _shows_all(self, subject: Subject, instance: str, paths: set[str]) -> bool:
        user = subject.users.get(instance)
        if user is None or instance not in self.instances:
            return False
        try:
            compiled = {
                doctype: await self.snapshots.compile(instance, user, doctype)
                for doctype in {path.partition(".")[0] for path in paths}
            }
        except AccessSnapshotStale:
            return False
        return all(shows_in_all(compiled, path) for path in paths)

    async def _judge(
        self, dataset: Dataset, pointer: DatasetPointer, instance: str, user: str
    ) -> Grant | Refusal:
        fields = self.registry.doctypes_under(dataset)
        doctypes = sorted({*fields, *dataset.rows_of})
        try:
            compiled = {
                doctype: await self.snapshots.compile(instance, user, doctype)
                for doctype in doctypes
            }
        except AccessSnapshotStale:
            return Refusal(instance, doctypes[0] if doctypes else "", AccessSnapshotStale.code)
        case = Case(
            dataset=dataset,
            instance=instance,
            fields=fields,
            compiled=compiled,
            partitions=[one for one in pointer.live if one.slot.instance == instance],
            links=pointer.links,
            owned=await _read_owned(dataset.rows_of, instance, compiled),
        )
        return judge(case)


async def _shows_any(slug: str, grant: Grant) -> bool:
    """Say whether there is a row for whom it is given to, or none because there is none at all.

    Who sees no row of an instance is told nothing of its builds. A row that is not found in time is
    as good as none.
    """
    if grant.is_whole or grant.condition == NOTHING:
        return grant.is_whole
    try:
        found = rows_of(slug).find(grant.condition, {"_id": 1}).limit(1).max_time_ms(LOOK_LIMIT_MS)
        return bool(await found.to_list())
    except ExecutionTimeout:
        return False


async def _read_owned(
    doctypes: Iterable[str], instance: str, compiled: Mapping[str, Access | Denial]
) -> dict[str, tuple[str, ...]]:
    """Return DocType → names of what an owner's branch shows, unless they are too many."""
    owned: dict[str, tuple[str, ...]] = {}
    for doctype in doctypes:
        access = compiled[doctype]
        branches = access.branches if isinstance(access, Access) else ()
        for branch in branches:
            if isinstance(branch, OwnerBranch):
                chosen: dict[str, Any] = {"$and": [{"doctype": doctype}, branch.condition]}
                documents = raw_model(instance).get_pymongo_collection()
                found = documents.find(chosen, {"_id": 0, "name": 1}).limit(MOST_OWNED + 1)
                names = [row["name"] async for row in found]
                if len(names) <= MOST_OWNED:
                    owned[doctype] = tuple(sorted(names))
    return owned


def _any_of(conditions: list[Condition]) -> Condition:
    if not conditions:
        return NOTHING
    return conditions[0] if len(conditions) == 1 else {"$or": conditions}


def _refuse(dataset: Dataset, refusals: tuple[Refusal, ...]) -> Exception:
    stale = [one for one in refusals if one.code == AccessSnapshotStale.code]
    if len(stale) == len(refusals):
        return AccessSnapshotStale(stale[0].instance)
    why = next(one for one in refusals if one.code != AccessSnapshotStale.code)
    return DatasetNeedsFullAccess(dataset.slug, why.instance, why.doctype)
