"""Put new builds in the place of those before, all of a dataset's at once, and clean up after them.

What was superseded goes an hour later, so that whoever took the pointer before can read on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from warehouse.documents.business import drop_build, expire_builds
from warehouse.documents.datasets import (
    BuildState,
    DatasetBuild,
    DatasetPointer,
    LivePartition,
    mark_builds,
    replace_pointer,
)
from warehouse.errors import LeaseLost
from warehouse.transform.versions import digest

if TYPE_CHECKING:
    from datetime import datetime

    from warehouse.datasets.declaration import Dataset
    from warehouse.documents.control import Failure
    from warehouse.documents.datasets import Slot
    from warehouse.transform.gaps import Wholeness
    from warehouse.transform.links import Links

# Of daily snapshots the last days are kept, and of earlier months the last day.
KEPT_DAYS = 35


@dataclass(slots=True)
class Swap:
    """From the pointer `before` to the next. `links`, `wholeness`: by instance.

    `begun_at`: when the transform began, before it looked at any input.
    """

    dataset: Dataset
    before: DatasetPointer
    token: int
    begun_at: datetime
    links: dict[str, Links]
    wholeness: dict[str, Wholeness] = field(default_factory=dict)

    async def commit(self, built: list[DatasetBuild], now: datetime) -> DatasetPointer:
        """Replace the pointer and let go of what it names no more.

        Raises:
            LeaseLost: if a later transform has begun.
        """
        passed = [record for record in built if record.state is not BuildState.FAILED]
        live = {one.slot: self._renew(one) for one in self.before.live}
        live |= {record.slot: self._enter(record) for record in passed}
        kept = keep(list(live))
        failed = self._fail(live, built)
        after = DatasetPointer(
            id=self.dataset.slug,
            token=self.token,
            version=self.before.version + 1,
            transformed_at=now,
            live=[live[slot] for slot in sorted(kept, key=str)],
            links=self._links(live[slot].links for slot in kept),
            failed=failed,
        )
        if not await replace_pointer(after):
            raise LeaseLost(
                f"A later transform has already begun to build {self.dataset.slug}.",
                cure="Nothing to do: the other process does the work.",
            )
        await mark_builds([record.id for record in passed], BuildState.LIVE, now)
        failures = [record.id for record in built if record.state is BuildState.FAILED]
        await mark_builds(failures, BuildState.FAILED, now)
        for record in passed:
            record.state = BuildState.LIVE
        await self._supersede(after, now)
        return after

    def _fail(
        self, live: dict[Slot, LivePartition], built: list[DatasetBuild]
    ) -> dict[str, Failure]:
        """Note failures on the partitions that are live still; return those of the other ones."""
        failed = dict(self.before.failed)
        before = {one.slot: one for one in self.before.live}
        for record in built:
            failed.pop(str(record.slot), None)
            if record.failure and record.slot in before:
                # It is as old as it was: no newer inventory speaks for it.
                kept = before[record.slot].model_copy(update={"failure": record.failure})
                live[record.slot] = kept
            elif record.failure:
                failed[str(record.slot)] = record.failure
        return failed

    def _renew(self, partition: LivePartition) -> LivePartition:
        """Return a partition that is still live, with how whole its sources are by now.

        One that this transform has not looked at stays as it was.
        """
        now = self.wholeness.get(partition.slot.instance)
        if now is None or partition.slot.as_of:
            return partition
        update = {
            "failure": None,
            "gaps": now.gaps,
            "as_of": now.as_of,
            "looked_at": self.begun_at,
        }
        return partition.model_copy(update=update)

    def _enter(self, record: DatasetBuild) -> LivePartition:
        instance = record.slot.instance
        whole = self.wholeness[instance]
        warnings = [check.code for check in record.checks if not check.passed]
        warnings += [tie.code for tie in record.tie_outs if tie.differing]
        return LivePartition(
            slot=record.slot,
            build_id=record.id,
            built_at=record.started_at,
            rows=record.rows,
            rejected=sum(record.rejected.values()),
            as_of=whole.as_of,
            gaps=whole.gaps,
            links=digest_links(self.links[instance]),
            warnings=warnings,
            looked_at=self.begun_at,
        )

    def _links(self, used: object) -> dict[str, Links]:
        known = dict(self.before.links)
        known |= {digest_links(links): links for links in self.links.values()}
        wanted = set(used)  # type: ignore[call-overload]
        return {key: links for key, links in known.items() if key in wanted}

    async def _supersede(self, after: DatasetPointer, now: datetime) -> None:
        live = {one.build_id for one in after.live}
        left = [one.build_id for one in self.before.live if one.build_id not in live]
        await expire_builds(self.dataset.slug, left)
        await mark_builds(left, BuildState.SUPERSEDED, now)


async def sweep(pointer: DatasetPointer, now: datetime) -> None:
    """Clean up after transforms that were killed: what they built and never swapped in.

    And what they swapped out and did not let go. `pointer`: fenced, so that none of them is alive
    enough to swap anything in.
    """
    live = {one.build_id for one in pointer.live}
    begun = {"state": BuildState.BUILDING, "token": {"$lt": pointer.token}}
    left = {"state": BuildState.LIVE, "_id": {"$nin": sorted(live)}}
    found: dict[BuildState, list[str]] = {state: [] for state in BuildState}
    async for build in DatasetBuild.find({"dataset": pointer.id, "$or": [begun, left]}):
        if build.id in live:
            found[BuildState.LIVE].append(build.id)
        elif build.state is BuildState.LIVE:
            found[BuildState.SUPERSEDED].append(build.id)
        else:
            await drop_build(pointer.id, build.id)
            found[BuildState.FAILED].append(build.id)
    await expire_builds(pointer.id, found[BuildState.SUPERSEDED])
    for state, build_ids in found.items():
        if build_ids:
            await mark_builds(build_ids, state, now)


def digest_links(links: Links) -> str:
    """Return what stands for a set of carried link fields in the pointer."""
    return digest(f"{doctype}:{','.join(links[doctype])}" for doctype in sorted(links))


def keep(slots: list[Slot]) -> list[Slot]:
    """Return the partitions to keep: of snapshots the last days, and the last one of each month."""
    latest: dict[tuple[str, str], str] = {}
    newest: dict[str, str] = {}
    for slot in slots:
        if slot.as_of:
            month = (slot.instance, slot.as_of[:7])
            latest[month] = max(latest.get(month, ""), slot.as_of)
            newest[slot.instance] = max(newest.get(slot.instance, ""), slot.as_of)
    return [
        slot
        for slot in slots
        if not slot.as_of
        or slot.as_of == latest[slot.instance, slot.as_of[:7]]
        or date.fromisoformat(slot.as_of)
        > date.fromisoformat(newest[slot.instance]) - timedelta(days=KEPT_DAYS)
    ]
