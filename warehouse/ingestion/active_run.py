"""The DocTypes of one run, side by side, and what came of them so far.

A DocType that fails stops no other. What concerns the whole instance (a refused key, a rate limit,
maintenance, an ERP that answers no more) ends the run early; what was not reached is counted.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from warehouse.documents.control import DocTypeReport, Outcome, Run, SyncState
from warehouse.documents.rejected import read_rejected_names
from warehouse.documents.tombstones import settle_burials
from warehouse.errors import (
    ErpInMaintenance,
    ErpThrottled,
    ErpUnavailable,
)
from warehouse.ingestion.catalog import read_catalog
from warehouse.ingestion.feeds import Feeds, read_feeds
from warehouse.ingestion.links import queue_renames
from warehouse.ingestion.meeting import (
    choose_doctypes,
    freeze_unlisted,
    meet,
)
from warehouse.ingestion.state import read_states
from warehouse.ingestion.sync import FATAL, DocTypeSync
from warehouse.ingestion.task import Depth, Selection, Task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from warehouse.ingestion.catalog import Catalog
    from warehouse.ingestion.session import Session

# So many DocTypes failing in a row for want of an answer mean that the ERP is down.
GIVE_UP_AFTER = 3


@dataclass(slots=True)
class ActiveRun:
    """A run in progress: what it works with and what it has done so far."""

    session: Session
    record: Run
    error: Exception | None = None
    catalog: Catalog | None = None
    selection: Selection = field(default_factory=Selection)
    feeds: Feeds = field(default_factory=Feeds)
    _has_synced: bool = False
    _completed: int = 0
    _quiet: set[str] = field(default_factory=set)
    _unanswered: set[str] = field(default_factory=set)

    async def list_syncs(self, selection: Selection) -> list[DocTypeSync]:
        """Read the site's facts, its catalog and its feeds; return the DocTypes to sync.

        Raises:
            ErpError: if the catalog can't be read.
            ConfigurationError: if the selection names a DocType that is not synced.
        """
        session = self.session
        self.record.is_whole = not (selection.doctypes or selection.since)
        since = await meet(session)
        catalog = await read_catalog(session)
        names = choose_doctypes(session.instance, catalog, selection)
        self.feeds = await read_feeds(session.client, since)
        session.blind_spots += self.feeds.unread.values()
        self.catalog, self.selection = catalog, selection
        if not session.only_looks:
            await settle_burials(session.instance, session.run_id)
            await freeze_unlisted(session, catalog)
            await queue_renames(session, catalog.entries.values(), self.feeds)
            self.record.unreached = len(names)
        session.progress.instance_surveyed(session.instance, len(names))
        return await self._make_syncs(names, selection)

    async def list_followups(self) -> list[DocTypeSync]:
        """Return the DocTypes of which this run has found out only later that they changed.

        A rename that no feed told is seen when its DocType is surveyed; what links to it may have
        been synced before.
        """
        if self.error or self.catalog is None:
            return []
        states = await read_states(self.session.instance)
        done = {report.doctype for report in self.record.doctypes if report.failure}
        names = [
            name
            for name, state in sorted(states.items())
            if state.queued and name in self.catalog.entries and name not in done
        ]
        self.record.unreached += len(names)
        return await self._make_syncs(names, replace(self.selection, depth=Depth.QUEUED))

    async def _make_syncs(self, names: list[str], selection: Selection) -> list[DocTypeSync]:
        if self.catalog is None:
            raise RuntimeError("DocTypes are listed before they are synced")
        states = await read_states(self.session.instance)
        rejected = await read_rejected_names(self.session.instance)
        now, rota = self.session.clock(), self.session.rota
        return [
            DocTypeSync(
                Task(
                    session=self.session,
                    catalog=self.catalog,
                    entry=self.catalog.entries[name],
                    state=states.get(name),
                    selection=selection,
                    feeds=self.feeds,
                    rejected=rejected.get(name, frozenset()),
                    is_due=rota.is_due_by(states.get(name), now),
                )
            )
            for name in sorted(names, key=lambda name: (-_documents(states.get(name)), name))
        ]

    async def survey_all(self, syncs: Sequence[DocTypeSync]) -> None:
        """Survey DocTypes side by side, without pulling any."""
        await self._side_by_side(self.survey_one, syncs)

    async def sync_all(self, syncs: Sequence[DocTypeSync]) -> None:
        """Bring DocTypes up to date side by side."""
        await self._side_by_side(self.sync_one, syncs)

    async def survey_one(self, sync: DocTypeSync) -> None:
        """Survey one DocType, unless the instance must stop."""
        with self._stopping():
            await sync.survey()
            self._watch(sync)

    async def sync_one(self, sync: DocTypeSync) -> DocTypeReport | None:
        """Bring one DocType up to date; None when the instance must stop before or meanwhile."""
        if self.error:
            return None
        report, self._has_synced = None, True
        with self._stopping():
            report = await sync.run()
            self._add(report)
            self._watch(sync)
        return report

    def pass_over(self, sync: DocTypeSync) -> None:
        """Count a surveyed DocType as done, since an earlier attempt of this run has done it."""
        self._add(sync.pass_over())

    async def _side_by_side(
        self,
        step: Callable[[DocTypeSync], Awaitable[object]],
        syncs: Iterable[DocTypeSync],
    ) -> None:
        waiting = iter(syncs)

        async def work() -> None:
            for sync in waiting:
                if not self.error:
                    await step(sync)

        await asyncio.gather(*(work() for _ in range(self.workers)))

    @property
    def workers(self) -> int:
        """How many DocTypes are worked on at once: one more than there may be requests."""
        return self.session.erp.max_concurrency + 1

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        try:
            yield
        except FATAL as error:
            self.error = self.error or error

    def _add(self, report: DocTypeReport) -> None:
        """Count a report; one of a DocType's second sync in this run goes into its first."""
        self.record.totals.add(report)
        self.record.unreached -= 1
        known = {earlier.doctype: earlier for earlier in self.record.doctypes}
        if report.doctype in known:
            first = known[report.doctype]
            first.add(report)
            first.outcome, first.failure = report.outcome, report.failure
        elif report.is_quiet:
            self._quiet.add(report.doctype)
        else:
            self._quiet.discard(report.doctype)
            self.record.doctypes.append(report)
        self.record.quiet = len(self._quiet)
        done = {Outcome.COMPLETED, Outcome.DENIED, Outcome.SUSPECT}
        self._completed += report.outcome in done

    def _watch(self, sync: DocTypeSync) -> None:
        """Stop when the ERP wants no more requests, or answers none."""
        if isinstance(sync.error, ErpUnavailable):
            self._unanswered.add(sync.doctype)
        else:
            self._unanswered.clear()
        if _is_deferral(sync.error) or len(self._unanswered) >= GIVE_UP_AFTER:
            self.error = self.error or sync.error

    @property
    def has_followed_feeds(self) -> bool:
        """Whether every DocType has seen what the feeds say, so that they need not say it again."""
        whole = self._has_synced and not self.selection.doctypes
        return whole and self.outcome() is Outcome.COMPLETED

    def outcome(self) -> Outcome:
        """Return how the run ended, as far as is known now."""
        ends = {report.outcome for report in self.record.doctypes}
        is_unwell = bool(ends & {Outcome.FAILED, Outcome.DEFERRED, Outcome.SUSPECT})
        if not (self.error or is_unwell or self.feeds.has_failed):
            return Outcome.COMPLETED
        if _is_deferral(self.error) and Outcome.FAILED not in ends:
            return Outcome.DEFERRED
        return Outcome.PARTIAL if self._completed else Outcome.FAILED


def _documents(state: SyncState | None) -> int:
    """Return how many documents are stored: the largest DocTypes first leave no long tail."""
    return state.documents if state else 0


def _is_deferral(error: Exception | None) -> bool:
    return isinstance(error, ErpThrottled | ErpInMaintenance)
