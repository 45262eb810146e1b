"""What must be true of the store: after every run, after a quiet one, and in the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.model.books import DOCTYPES, SINGLES
from tests.model.reasons import DELETED, VANISHED, find_reasons
from tests.model.site import LISTED, show
from tests.model.truth import spell
from tests.model.warehouse import INVENTORY_ROWS, by_key
from warehouse.documents.control import RejectedDocument, SyncState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.model.site import Key, Lifetime, ModelSite
    from tests.model.warehouse import Stopped, Warehouse
    from warehouse.ingestion.verify import Difference

Row = dict[str, Any]
MANY_LOST = 12
LISTED_BY_VERIFY = 20


@dataclass
class Examiner:
    """Looks at the store before and after what a run does.

    `stored_once`: lifetimes that were ever seen in the store. `late`: those that a revived run has
    brought back, of which no feed may tell any more.
    """

    site: ModelSite
    warehouse: Warehouse
    stored_once: set[Lifetime] = field(default_factory=set)
    late: set[Lifetime] = field(default_factory=set)
    _before: set[Lifetime] = field(default_factory=set)
    _states: list[Row] = field(default_factory=list)
    _began: int = 0

    async def look_before(self, *, are_hidden_given_up: bool = False) -> None:
        """Remember what is stored and lives when a run begins."""
        self._before = {
            lifetime
            for lifetime in _lifetimes(await self.warehouse.read_store())
            if self.site.is_alive(lifetime)
            if not (are_hidden_given_up and self.site.hides(lifetime[0], lifetime[1]))
        }
        self._began = self.site.changes

    def begin(self, change: int) -> None:
        """Count as living throughout only what has not left since `change`."""
        self._began = min(self._began, change)

    async def examine(self) -> None:
        """Assert what holds after every run, complete or not."""
        rows = await self.warehouse.read_store()
        self._assert_sound(rows)
        self.stored_once |= _lifetimes(rows)
        lost = [
            lifetime
            for lifetime in self._before - _lifetimes(rows)
            if self.site.left.get(lifetime, 0) <= self._began and self.site.is_alive(lifetime)
        ]
        assert not lost, f"living documents were removed: {lost}"

    def _assert_sound(self, rows: Iterable[Row]) -> None:
        rows = list(rows)
        twice = [key for key, number in Counter(_keys(rows)).items() if number > 1]
        assert not twice, f"stored twice: {twice}"
        for row in rows:
            document = row["document_data"]
            assert (row["doctype"], row["name"]) == (document["doctype"], str(document["name"]))
            assert row["erp_modified"] == document.get("modified"), row["name"]
            assert row["erp_creation"] == document.get("creation"), row["name"]
            self._assert_was_true(row)

    def _assert_was_true(self, row: Row) -> None:
        key = row["doctype"], row["name"]
        is_version = spell(row["document_data"]) in self.site.versions[key]
        assert is_version, f"{key} was never so: {show(row['document_data'])}"

    async def large_doctypes(self) -> set[str]:
        """Return the DocTypes of which the engine need not see all."""
        states = {state.doctype: state async for state in SyncState.find_all()}
        return {
            doctype
            for doctype in LISTED
            if len(self.site.rows(doctype)) > INVENTORY_ROWS
            or (doctype in states and states[doctype].documents > INVENTORY_ROWS)
        }

    async def assert_current(self, large: set[str], since: str) -> None:
        """Assert what a quiet run must have seen: what is small, and what was saved `since`."""
        stored = {
            key: (row["erp_modified"], row["erp_creation"])
            for key, row in by_key(await self.warehouse.read_store()).items()
        }
        for doctype in LISTED:
            there = {
                (doctype, str(row["name"])): (row["modified"], row["creation"])
                for row in self.site.rows(doctype)
            }
            if doctype in large:
                there = {key: of for key, of in there.items() if not of[0] or of[0] >= since}
                here = {key: stored.get(key) for key in there}
            else:
                here = {key: of for key, of in stored.items() if key[0] == doctype}
            assert here == there, f"{doctype} is not current: {_difference(here, there)}"

    async def doctypes_that_lost_many(self) -> list[str]:
        """Return the DocTypes of which so much left without a trace that it is not believed."""
        gone = [
            lifetime
            for lifetime in _lifetimes(await self.warehouse.read_store())
            if not self.site.is_alive(lifetime)
        ]
        counts = Counter(lifetime[0] for lifetime in gone)
        return [doctype for doctype, number in counts.items() if number > MANY_LOST]

    async def assert_equal(self) -> None:
        """Assert that the store is the site, and that what left is accounted for."""
        rows = await self.warehouse.read_store()
        stored = {key: row["document_data"] for key, row in by_key(rows).items()}
        there = self.site.expect()
        assert stored.keys() == there.keys(), _difference(stored, there)
        for key, document in there.items():
            here = stored[key]
            assert spell(here) == spell(document), f"{key}: {_difference(here, document)}"
        assert not await RejectedDocument.find_all().to_list()
        await self._assert_counted(rows)
        await self._assert_buried()
        await self.assert_verify_agrees()

    async def _assert_counted(self, rows: list[Row]) -> None:
        counts = Counter(row["doctype"] for row in rows)
        async for state in SyncState.find_all():
            said = (state.doctype, state.documents)
            assert said == (state.doctype, counts[state.doctype]), f"there are {counts}"
            assert not state.queued, said

    async def _assert_buried(self) -> None:
        tombstones = await self.warehouse.read_tombstones()
        for lifetime in self.stored_once | tombstones.keys():
            graves = tombstones.get(lifetime, [])
            still = [grave for grave in graves if grave["restored_at"] is None]
            if self.site.is_alive(lifetime):
                assert not still, f"{lifetime} lives and has an open tombstone"
                continue
            assert len(still) == 1, f"{lifetime} left and has {len(still)} open tombstones"
            assert lifetime in self.stored_once, f"{lifetime} was never stored"
            reason = still[0]["reason"], still[0]["renamed_to"]
            reasons = find_reasons(self.site, lifetime, still[0]["deleted_at"])
            if lifetime in self.late:
                reasons |= {VANISHED, DELETED}
            assert reason in reasons, f"{lifetime} is said to be {reason}, and is {reasons}"
            for grave in graves:
                self._assert_was_true(grave)

    async def assert_verify_agrees(self) -> None:
        """Assert that `csa verify` says of every DocType what is true."""
        said = await self.warehouse.verify(sample=10_000)
        assert not said.unreadable
        differences = {each.doctype: each for each in said.differences}
        stored = by_key(await self.warehouse.read_store())
        rejected = {(row.doctype, row.name) async for row in RejectedDocument.find_all()}
        there = self.site.expect()
        for doctype in DOCTYPES:
            expected = _compare(
                {key: row for key, row in stored.items() if key[0] == doctype},
                {key: row for key, row in there.items() if key[0] == doctype},
                rejected,
            )
            assert _shown(differences.get(doctype)) == expected, f"{doctype}: {expected}"

    async def look_before_revival(self, *, takes_over: bool) -> dict[Key, Row]:
        """Return the rows that a revived run may not touch: all, if another has taken over."""
        await self.look_before()
        self._states = await _read_states()
        return dict(by_key(await self.warehouse.read_store())) if takes_over else {}

    async def examine_revival(self, before: Mapping[Key, Row], stopped: Stopped) -> None:
        """Assert that a revived run did no harm: of what the later run stored, nothing changed."""
        rows = await self.warehouse.read_store()
        after, holds_a_write = by_key(rows), stopped.gate.holds_a_write
        self.late |= _lifetimes(rows) - _lifetimes(before.values())
        if before:
            assert await _read_states() == self._states, "a revived run wrote a state"
            later = max(row["run_id"] for row in before.values())
            changed = [
                key
                for key, row in before.items()
                if after.get(key) != row and (not holds_a_write or row["run_id"] == later)
            ]
            assert not changed, f"a revived run touched {changed}"
            added = after.keys() - before.keys()
            assert holds_a_write or not added, f"a revived run added {added}"
        if not holds_a_write or not before:
            await self.examine()
        else:
            self._assert_sound(rows)
            self.stored_once |= _lifetimes(rows)


async def _read_states() -> list[Row]:
    return await SyncState.get_pymongo_collection().find({}).sort("_id").to_list()


def _compare(
    stored: Mapping[Key, Row], there: Mapping[Key, Row], rejected: set[Key]
) -> dict[str, list[str]]:
    def version(document: Row) -> tuple[Any, Any]:
        return document.get("modified"), document.get("creation")

    both = stored.keys() & there.keys()
    differences = {
        "missing": there.keys() - stored.keys() - rejected,
        "extra": stored.keys() - there.keys(),
        "outdated": {
            key for key in both if version(stored[key]["document_data"]) != version(there[key])
        },
        "different": {
            key for key in both if spell(stored[key]["document_data"]) != spell(there[key])
        },
    }
    return {
        kind: sorted(name for _, name in keys)[: None if kind == "different" else LISTED_BY_VERIFY]
        for kind, keys in differences.items()
    }


def _shown(difference: Difference | None) -> dict[str, list[str]]:
    kinds = ("missing", "extra", "outdated", "different")
    return {kind: sorted(getattr(difference, kind, ())) for kind in kinds}


def _keys(rows: Iterable[Row]) -> list[Key]:
    return [(row["doctype"], row["name"]) for row in rows]


def _lifetimes(rows: Iterable[Row]) -> set[Lifetime]:
    return {
        (row["doctype"], row["name"], row["erp_creation"])
        for row in rows
        if row["doctype"] not in SINGLES
    }


def _difference(here: Mapping[Any, Any], there: Mapping[Any, Any]) -> str:
    keys = sorted(map(str, here.keys() ^ there.keys()))
    values = {
        key: (here[key], there[key])
        for key in here.keys() & there.keys()
        if here[key] != there[key]
    }
    return f"only in one: {keys}; stored and there: {show({str(k): v for k, v in values.items()})}"
