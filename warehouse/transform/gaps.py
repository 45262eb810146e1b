"""How whole the sources of a partition are, and as of when: from the state of their ingestion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.documents.control import Outcome, SyncState
from warehouse.documents.datasets import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from warehouse.datasets.declaration import Source

NEVER_SYNCED = "never_synced"
_WHOLE = frozenset({Outcome.COMPLETED, Outcome.RUNNING})


@dataclass(frozen=True, slots=True)
class Wholeness:
    """`as_of`: the last complete inventory of the source that has waited longest for one."""

    gaps: list[Gap]
    as_of: datetime | None


async def read_states(instance: str) -> dict[str, SyncState]:
    """Return DocType → state of an instance's ingestion."""
    return {one.doctype: one async for one in SyncState.find(SyncState.instance == instance)}


def judge_wholeness(
    instance: str, sources: Iterable[Source], states: dict[str, SyncState]
) -> Wholeness:
    """Return what of the sources is missing, and as of when the rest is."""
    gaps: list[Gap] = []
    verified: list[datetime] = []
    for source in sources:
        state = states.get(source.doctype)
        reason = _find_gap(source, state)
        if reason:
            gaps.append(Gap(instance=instance, doctype=source.doctype, reason=reason))
        if state and state.verified_at:
            verified.append(state.verified_at)
    # A source that was never verified is a gap, and says nothing of when.
    return Wholeness(gaps, min(verified, default=None))


def _find_gap(source: Source, state: SyncState | None) -> str | None:
    if state is None:
        return None if source.is_optional else NEVER_SYNCED
    if state.outcome not in _WHOLE:
        return state.outcome.value
    return "frozen" if state.frozen_at else None
