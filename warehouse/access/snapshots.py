"""The snapshots in force, for whoever reads documents: nothing else says who may see what."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

from warehouse.access.compiler import compile_access
from warehouse.access.content import unpack
from warehouse.documents.access import AccessPointer, read_content
from warehouse.errors import AccessSnapshotStale
from warehouse.sharing import Sharing

if TYPE_CHECKING:
    from collections.abc import Callable

    from warehouse.access.snapshot import Snapshot
    from warehouse.access.verdict import Access, Denial
    from warehouse.settings import Settings

REMEMBERED_S = 2.0
MOST_COMPILED = 20_000
READ_ATTEMPTS = 3


@dataclass(slots=True)
class _Known:
    """A snapshot in memory, what was compiled from it, and how long its pointer is believed."""

    snapshot: Snapshot
    read_at: datetime
    until: float
    compiled: dict[tuple[str, str], Access | Denial] = field(default_factory=dict)


class Snapshots:
    """Gives the snapshot in force, and compiles from it; one object per process.

    The pointer is read again every two seconds; a version is loaded once, and what was compiled
    from it goes with it. `max_age` is CSA_ACCESS_MAX_AGE_HOURS.
    """

    def __init__(
        self,
        max_age: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self._max_age = max_age
        self._clock = clock
        self._now_s = now_s
        self._known: dict[str, _Known] = {}
        self._looking: Sharing[str, _Known] = Sharing()

    @classmethod
    def of(cls, settings: Settings) -> Snapshots:
        """Return them as the settings say."""
        return cls(timedelta(hours=settings.csa_access_max_age_hours))

    async def get(self, instance: str) -> Snapshot:
        """Return the snapshot in force.

        Raises:
            AccessSnapshotStale: if there is none, or its tables were read too long ago.
        """
        return (await self._get(instance)).snapshot

    async def compile(self, instance: str, user: str, doctype: str) -> Access | Denial:
        """Return what an ERPNext user may see of a DocType.

        Raises:
            AccessSnapshotStale: as `get`.
        """
        known = await self._get(instance)
        key = (user, doctype)
        if key not in known.compiled:
            if len(known.compiled) >= MOST_COMPILED:
                del known.compiled[next(iter(known.compiled))]
            known.compiled[key] = compile_access(known.snapshot, user, doctype)
        return known.compiled[key]

    async def _get(self, instance: str) -> _Known:
        known = self._known.get(instance)
        if known is None or known.until <= self._now_s():
            known = await self._looking.ask(instance, lambda: self._look(instance))
        if self._clock() - known.read_at > self._max_age:
            raise AccessSnapshotStale(instance)
        return known

    async def _look(self, instance: str) -> _Known:
        """Read the pointer, and the snapshot if its version is another one."""
        until = self._now_s() + REMEMBERED_S
        for _ in range(READ_ATTEMPTS):
            known = self._known.get(instance)
            pointer = await AccessPointer.get(instance)
            if pointer is None or pointer.read_at is None:
                break
            if known and _is_of(known.snapshot, pointer):
                known.read_at, known.until = pointer.read_at, until
                return known
            data = await read_content(pointer)
            if data is not None:
                found = _Known(_unpack(pointer, data), pointer.read_at, until)
                self._known[instance] = found
                return found
            # It went out of use between the two reads: look again.
        self._known.pop(instance, None)
        raise AccessSnapshotStale(instance)


def _is_of(snapshot: Snapshot, pointer: AccessPointer) -> bool:
    known = (snapshot.version, snapshot.is_doubted)
    return known == (pointer.version, pointer.is_doubted)


def _unpack(pointer: AccessPointer, data: bytes) -> Snapshot:
    """Return the snapshot; one that is damaged, or of another release, is as good as none."""
    try:
        return replace(unpack(pointer.version, data), is_doubted=pointer.is_doubted)
    except ValueError as error:
        raise AccessSnapshotStale(pointer.id) from error
