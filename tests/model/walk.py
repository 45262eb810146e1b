"""A random walk: the site changes, runs come and go, and after each run the store is looked at.

A walk is a list of steps, made from a seed; a step has dice of its own. `play` fails with the
shortest list of steps that it finds to fail still, which can be played again as it stands.
"""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from tests.model.books import SINGLES
from tests.model.examination import Examiner
from tests.model.operations import (
    CHANGES,
    WEIGHTS,
    delete,
    edit,
    lose_many,
    save_with_children,
    tie,
)
from tests.model.site import LISTED, ModelSite
from tests.model.warehouse import EVERYTHING, Warehouse
from tests.model.wire import BACK, THERE, WRITE, Gate, Moment, cut
from warehouse.documents.control import Outcome
from warehouse.errors import WarehouseError
from warehouse.ingestion.task import Selection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.model.operations import Operation
    from warehouse.documents.control import Run

# Kinds of runs, by weight.
RUNS = {
    "ingest": 6,
    "raced": 5,
    "disturbed": 6,
    "cancelled": 3,
    "stopped": 4,
    "revive": 3,
    "verify": 1,
    "accept": 1,
}
ENDS = {"reconcile": 3, "week": 2}
DAYS = 8
NTH = (1, 1, 1, 2, 2, 3, 4, 6, 9)
PHASES = ("inventory", "page", "children", "look", "read", None)
SPOILT = (
    {"action": "throttle", "retry_after": 60},
    {"action": "maintenance"},
    {"action": "html", "status": 502},
    {"action": "html", "status": 200},
    {"action": "garbage"},
    {"action": "keyless"},
    {"action": "blank"},
    {"action": "unauthorized"},
    {"action": "status", "status": 500, "exc_type": "OperationalError"},
    {"action": "status", "status": 417, "exc_type": "ValidationError"},
)
SHRINK_S = 30.0
# A step takes a second or two, a few on a busy machine; one that takes this long hangs.
STEP_LIMIT_S = 90.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a change of the site or a run, and the seed of its dice."""

    kind: str
    seed: int

    def __repr__(self) -> str:
        return f"Step({self.kind!r}, {self.seed})"


class WalkFailed(AssertionError):
    """What failed, with the steps that lead there."""


def make_walk(seed: int) -> list[Step]:
    """Return the steps of a seed."""
    dice = Random(seed)  # noqa: S311 the same walk every time
    steps = [Step("ingest", 0)] if dice.random() < 0.7 else []
    for _ in range(dice.randrange(1, 3)):
        for _ in range(dice.randrange(1, 5)):
            kinds = dice.choices(
                [operation.__name__ for operation in WEIGHTS],
                list(WEIGHTS.values()),
                k=dice.randrange(1, 9),
            )
            if dice.random() < 0.02:
                kinds.append(lose_many.__name__)
            kinds += dice.choices(list(RUNS), list(RUNS.values()))
            steps += [Step(kind, dice.randrange(2**32)) for kind in kinds]
        (end,) = dice.choices(list(ENDS), list(ENDS.values()))
        steps.append(Step(end, dice.randrange(2**32)))
    return steps


async def play(steps: list[Step]) -> ModelSite:
    """Walk, on a site and a store as new; return the site.

    Raises:
        AssertionError: if the store is not what it must be.
    """
    walk = Walk()
    await walk.warehouse.wipe()
    try:
        for step in steps:
            walk.site.log.append(f"# {step}")
            async with asyncio.timeout(STEP_LIMIT_S):
                await walk.take(step)
    except Exception as error:
        error.add_note("\n".join(walk.site.log))
        raise
    finally:
        await walk.warehouse.bury_stopped()
    return walk.site


async def play_seed(seed: int) -> int:
    """Play the walk of a seed; return its number of steps.

    Raises:
        WalkFailed: with the seed and the shortest failing steps, if it fails.
    """
    steps = make_walk(seed)
    try:
        await play(steps)
    except Exception as error:  # noqa: BLE001 whatever ends a walk is its result
        shortest, last = await shorten(steps, error)
        raise WalkFailed(
            f"seed {seed} fails: {last}\n{''.join(traceback.format_exception(last))}\n"
            f"Play it again: STEPS = {shortest}"
        ) from None
    return len(steps)


async def shorten(steps: list[Step], error: Exception) -> tuple[list[Step], Exception]:
    """Leave out what the failure does not need, as long as time allows."""
    clock = asyncio.get_running_loop().time
    until, size = clock() + SHRINK_S, max(1, len(steps) // 2)
    while size and clock() < until:
        start = 0
        while start < len(steps) and clock() < until:
            fewer = steps[:start] + steps[start + size :]
            failure = await _fails(fewer)
            if failure:
                steps, error = fewer, failure
            else:
                start += size
        size //= 2
    return steps, error


async def _fails(steps: list[Step]) -> Exception | None:
    try:
        await play(steps)
    except Exception as error:  # noqa: BLE001 any failure is as good
        return error
    return None


@dataclass
class Walk:
    """A site, a warehouse that follows it, and who examines the two."""

    site: ModelSite = field(default_factory=ModelSite)
    warehouse: Warehouse = field(init=False)
    examiner: Examiner = field(init=False)

    def __post_init__(self) -> None:
        self.warehouse = Warehouse(self.site)
        self.examiner = Examiner(self.site, self.warehouse)

    async def take(self, step: Step) -> None:
        """Take one step."""
        dice = Random(step.seed)  # noqa: S311 the same step every time
        if step.kind in CHANGES:
            CHANGES[step.kind](self.site, dice)
            return
        runs: dict[str, Callable[[Random], Awaitable[None]]] = {
            "ingest": self.ingest,
            "raced": self.raced,
            "disturbed": self.disturbed,
            "cancelled": self.cancelled,
            "stopped": self.stopped,
            "revive": self.revive,
            "verify": self.verify,
            "accept": self.accept,
            "reconcile": self.reconcile,
            "week": self.week,
        }
        self.site.clock.advance(timedelta(seconds=dice.choice((1, 30, 300, 7_200))))
        await runs[step.kind](dice)

    async def ingest(self, _dice: Random) -> None:
        """Run while nobody touches the site."""
        large = await self.examiner.large_doctypes()
        since = self.site.clock.site_text(timedelta(minutes=9))
        is_believable = not self.site.hidden and not await self.examiner.doctypes_that_lost_many()
        run = await self._run_quietly()
        if is_believable:
            self._assert_completed(run)
            await self.examiner.assert_current(large, since)

    async def disturbed(self, dice: Random) -> None:
        """Run while the site changes and fails."""
        await self._begin()
        gate = Gate()
        for _ in range(dice.randrange(1, 5)):
            gate.acts.append((_draw_request(dice), self._draw_act(dice)))
        for _ in range(dice.randrange(3)):
            self._spoil(dice)
        selection = _draw_selection(dice, self._recent)
        await self._end(await self.warehouse.run(selection, gate))

    async def raced(self, dice: Random) -> None:
        """Read everything while documents are saved: after their parents' page, before its end."""
        await self._begin()
        gate = Gate()
        for _ in range(dice.randrange(2, 5)):
            moment = Moment(THERE, dice.randrange(1, 15), dice.choice(("children", "look")))
            gate.acts.append((moment, self._draw_saves(dice)))
        await self._end(await self.warehouse.run(EVERYTHING, gate))

    async def cancelled(self, dice: Random) -> None:
        """Cancel a run at a request, an answer or a write."""
        await self._begin()
        gate = Gate([(_draw_moment(dice), Gate.cancel)])
        if dice.random() < 0.5:
            gate.acts.append((_draw_request(dice), self._draw_act(dice)))
        try:
            run = await self.warehouse.run(_draw_selection(dice, self._recent), gate)
        except asyncio.CancelledError:
            self.site.log.append("cancelled")
            run = None
        await self._end(run)

    async def stopped(self, dice: Random) -> None:
        """Stop a run dead, as if its process was killed, or its machine asleep."""
        await self._begin()
        moment = _draw_moment(dice)
        self.site.log.append(f"stop at {moment}")
        gate = Gate([(moment, Gate.stop)])
        await self._end(
            await self.warehouse.run_until_stopped(_draw_selection(dice, self._recent), gate)
        )

    async def revive(self, dice: Random) -> None:
        """Let a run that was stopped go on, mostly after another has taken over."""
        if not self.warehouse.stopped:
            return
        takes_over = dice.random() < 0.8
        if takes_over:
            self._change(dice, save_with_children, edit, tie, *_draw_changes(dice))
            await self._run_quietly()
            # So that it would have something to store.
            self._change(dice, edit, tie, delete, *_draw_changes(dice))
        before = await self.examiner.look_before_revival(takes_over=takes_over)
        self.examiner.begin(self.warehouse.stopped[0].began)
        token = await self.warehouse.read_token()
        stopped, ended = await self.warehouse.revive()
        if await self.warehouse.read_token() > token:
            # It was stopped before it held the lease, and holds it only now: a run like others.
            before = {}
        self.site.log.append(f"revived, ended with {ended!r:.200}")
        if isinstance(ended, BaseException) and not isinstance(ended, WarehouseError):
            raise ended
        await self.examiner.examine_revival(before, stopped)

    async def verify(self, _dice: Random) -> None:
        """Compare, and see that it says what is true."""
        await self.warehouse.expire_lease()
        await self.examiner.assert_verify_agrees()

    async def accept(self, _dice: Random) -> None:
        """Reconcile and say that what left may be removed, hidden documents too."""
        await self._begin(are_hidden_given_up=True)
        await self._end(await self.warehouse.run(accepting()))

    async def reconcile(self, dice: Random) -> None:
        """Reconcile while nobody touches the site: then the store is the site."""
        await self._settle(dice)
        run = await self._run_quietly(EVERYTHING)
        self._assert_completed(run)
        await self.examiner.assert_equal()

    async def week(self, dice: Random) -> None:
        """Run daily for a week: then the store is the site, without a reconcile."""
        await self._settle(dice)
        for _ in range(DAYS):
            run = await self._run_quietly()
            self._assert_completed(run)
            self.site.clock.advance(timedelta(days=1))
        await self.examiner.assert_equal()

    async def _settle(self, dice: Random) -> None:
        """Let go who was stopped, show what is hidden, accept that much left where it is known."""
        while self.warehouse.stopped:
            await self.revive(dice)
        self.site.show_all()
        for doctype in await self.examiner.doctypes_that_lost_many():
            await self._run_quietly(accepting(doctype))

    async def _run_quietly(self, selection: Selection | None = None) -> Run:
        await self._begin()
        run = await self.warehouse.run(selection)
        await self._end(run)
        return run

    async def _begin(self, *, are_hidden_given_up: bool = False) -> None:
        await self.warehouse.expire_lease()
        await self.examiner.look_before(are_hidden_given_up=are_hidden_given_up)

    async def _end(self, run: Run | None) -> None:
        self.site.do("clear_faults")
        if run:
            failures = {each.doctype: str(each.failure) for each in run.doctypes if each.failure}
            self.site.log.append(f"{run.outcome} {run.failure or ''} {failures or ''}")
        await self.examiner.examine()

    def _assert_completed(self, run: Run) -> None:
        reports = {each.doctype: each for each in run.doctypes if each.failure}
        assert run.outcome is Outcome.COMPLETED, (run.outcome, run.failure, reports)

    @property
    def _recent(self) -> str:
        """The site's time of some hours ago."""
        return self.site.clock.site_text(timedelta(hours=3))

    def _draw_act(self, dice: Random) -> Callable[[Gate], None]:
        """Draw what happens while a run is under way: changes of the site, or a cut connection."""
        if dice.random() < 0.2:
            return cut
        return self._meanwhile(dice, _draw_changes(dice))

    def _draw_saves(self, dice: Random) -> Callable[[Gate], None]:
        """Draw so many saves that some are of documents that are being pulled."""
        return self._meanwhile(dice, [save_with_children] * dice.randrange(5, 12))

    def _meanwhile(self, dice: Random, changes: list[Operation]) -> Callable[[Gate], None]:
        seed = dice.randrange(2**32)

        def change(_gate: Gate) -> None:
            self.site.log.append("# meanwhile")
            self._change(Random(seed), *changes)  # noqa: S311 the same changes every time

        return change

    def _change(self, dice: Random, *changes: Operation) -> None:
        for change in changes:
            change(self.site, dice)

    def _spoil(self, dice: Random) -> None:
        doctype = dice.choice((*LISTED, *SINGLES, None))
        match: dict[str, Any] = {"doctype": doctype} if doctype else {}
        rule = dict(dice.choice(SPOILT))
        if doctype in LISTED and dice.random() < 0.4:
            rule = {"action": "truncate", "rows": dice.choice((0, 0, 1, 5))}
            match["kind"] = "list"
        rule |= {"match": match, "skip": dice.randrange(4), "times": dice.choice((1, 1, 2, 6))}
        self.site.do("faults", rules=[rule])


def _draw_changes(dice: Random) -> list[Operation]:
    return dice.choices(list(WEIGHTS), list(WEIGHTS.values()), k=dice.randrange(1, 4))


def _draw_moment(dice: Random) -> Moment:
    """Draw a moment of a run: half of them are writes, since they are what a kill tears apart."""
    return dice.choice(
        (
            Moment(WRITE, dice.randrange(1, 25)),
            Moment(WRITE, dice.choice(NTH), None, "erp_site"),
            Moment(dice.choice((THERE, BACK)), dice.choice(NTH), dice.choice(PHASES)),
            Moment(dice.choice((THERE, BACK)), dice.randrange(1, 40)),
        )
    )


def _draw_request(dice: Random) -> Moment:
    phase = dice.choice(PHASES)
    nth = dice.choice(NTH) if phase else dice.randrange(1, 40)
    room = dice.choice((*LISTED, None, None, None, None)) if phase else None
    return Moment(dice.choice((THERE, THERE, BACK)), nth, phase, room)


def _draw_selection(dice: Random, recent: str) -> Selection | None:
    return dice.choice((None, Selection(since=recent), EVERYTHING))


def accepting(*doctypes: str) -> Selection:
    return Selection(frozenset(doctypes), EVERYTHING.depth, accepts_deletes=True)
