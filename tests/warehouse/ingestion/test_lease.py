"""One holder per instance: who waits, who takes over, and what a late one can't do any more."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pymongo.errors import AutoReconnect

from tests.commanding import Csa, kill
from tests.ingesting import Ingester, no_sleep
from tests.sample_books import count_sample
from warehouse.documents.control import Lease, Outcome, Run, SyncState
from warehouse.errors import LeaseHeld, LeaseLost
from warehouse.ingestion import lease as leases
from warehouse.ingestion.lease import describe_this_process, hold_lease
from warehouse.ingestion.run import Surroundings
from warehouse.ingestion.session import NoProgress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.database import AsyncDatabase

ELSEWHERE = {"machine": "elsewhere/boot/1", "host": "elsewhere", "pid": 4711}
NEVER_ENDS = "import time; time.sleep(600)"


def leases_collection() -> AsyncCollection[dict[str, Any]]:
    return Lease.get_pymongo_collection()


async def lease() -> dict[str, Any]:
    return await leases_collection().find_one({"_id": "site"}) or {}


async def hand_over(holder: dict[str, Any] | None, expires_in_s: float = 60.0) -> None:
    """Write into the lease that `holder` has it, under the next token."""
    await Lease.get_pymongo_collection().update_one(
        {"_id": "site"},
        [
            {
                "$set": {
                    "token": {"$add": [{"$ifNull": ["$token", 0]}, 1]},
                    "holder": holder,
                    "purpose": "ingest",
                    "expires_at": {"$add": ["$$NOW", int(expires_in_s * 1000)]},
                }
            }
        ],
        upsert=True,
    )


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """Another process on this machine."""
    with subprocess.Popen([sys.executable, "-c", NEVER_ENDS]) as running:  # noqa: S603 our own
        yield running
        running.kill()


@pytest.fixture
def ended(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """A holder that was killed on this machine."""
    process.kill()
    process.wait()
    return describe_this_process() | {"pid": process.pid}


@pytest.mark.usefixtures("database")
async def test_a_second_holder_is_told_who_has_the_lease():
    async with hold_lease("site", "ingest"):
        with pytest.raises(LeaseHeld) as error:
            async with hold_lease("site", "reconcile"):
                pass
    here = describe_this_process()
    for part in ("site", "ingest", f"process {here['pid']}", here["host"]):
        assert part in error.value.message
    assert error.value.cure


@pytest.mark.usefixtures("database")
async def test_of_many_who_want_it_at_once_one_gets_it():
    all_others_refused = asyncio.Barrier(8)

    async def take() -> bool:
        try:
            async with hold_lease("site", "ingest"):
                await all_others_refused.wait()
        except LeaseHeld:
            await all_others_refused.wait()
            return False
        return True

    async with asyncio.timeout(60):
        assert sum(await asyncio.gather(*(take() for _ in range(8)))) == 1


@pytest.mark.usefixtures("database")
async def test_tokens_grow_from_holder_to_holder_and_instances_have_their_own():
    tokens = []
    for _ in range(3):
        async with hold_lease("site", "ingest") as held, hold_lease("other", "ingest") as other:
            tokens.append((held.token, other.token))
    assert tokens == [(1, 1), (2, 2), (3, 3)]
    assert (await lease())["holder"] is None


async def test_a_lease_that_was_lost_begins_above_everything_that_was_written_under_it(
    ingester: Ingester,
):
    await hand_over(None, expires_in_s=-1)
    await ingester.run("Field Visit")
    await leases_collection().delete_many({})
    ingester.edit("Field Visit", 1, findings="after the loss")
    run = await ingester.run("Field Visit")
    assert (run.token, run.outcome, run.totals.changed) == (3, Outcome.COMPLETED, 1)


@pytest.mark.parametrize("left", ["runs", "states", "documents"])
async def test_any_one_mark_of_earlier_holders_is_enough(ingester: Ingester, left: str):
    await hand_over(None, expires_in_s=-1)
    await ingester.run("Field Visit")
    marks = {
        "runs": Run.get_pymongo_collection(),
        "states": SyncState.get_pymongo_collection(),
        "documents": ingester.stored,
    }
    for collection in (*(of for mark, of in marks.items() if mark != left), leases_collection()):
        await collection.delete_many({})
    async with hold_lease("site", "ingest") as held:
        assert held.token == 3


@pytest.mark.usefixtures("database")
async def test_it_is_given_back_after_an_error():
    with pytest.raises(ZeroDivisionError):
        async with hold_lease("site", "ingest"):
            raise ZeroDivisionError
    async with hold_lease("site", "ingest") as held:
        assert held.token == 2


@pytest.mark.usefixtures("database")
async def test_a_holder_on_another_machine_keeps_it_until_it_expires():
    await hand_over(ELSEWHERE, expires_in_s=0.6)
    with pytest.raises(LeaseHeld, match="process 4711 on elsewhere"):
        async with hold_lease("site", "ingest"):
            pass
    await asyncio.sleep(0.7)
    async with hold_lease("site", "ingest") as held:
        assert held.token == 2


@pytest.mark.usefixtures("database")
async def test_expiry_goes_by_the_clock_of_the_server():
    async with hold_lease("site", "ingest"):
        (row,) = await (
            await Lease.get_pymongo_collection().aggregate(
                [{"$project": {"left_ms": {"$subtract": ["$expires_at", "$$NOW"]}}}]
            )
        ).to_list()
    assert 50_000 < row["left_ms"] <= 60_000


@pytest.mark.usefixtures("database")
async def test_a_dead_holder_on_this_machine_is_replaced_at_once(ended: dict[str, Any]):
    await hand_over(ended)
    async with hold_lease("site", "ingest") as held:
        assert held.token == 2


@pytest.mark.usefixtures("database")
async def test_a_holder_that_lives_on_this_machine_keeps_it(process: subprocess.Popen[bytes]):
    await hand_over(describe_this_process() | {"pid": process.pid})
    with pytest.raises(LeaseHeld):
        async with hold_lease("site", "ingest"):
            pass


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells of zombies")
@pytest.mark.usefixtures("database")
async def test_a_dead_holder_that_its_parent_has_not_asked_for_is_replaced_at_once(
    process: subprocess.Popen[bytes],
):
    await hand_over(describe_this_process() | {"pid": process.pid})
    process.kill()
    await asyncio.to_thread(os.waitid, os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    async with hold_lease("site", "ingest") as held:
        assert held.token == 2


@pytest.mark.usefixtures("database")
async def test_a_dead_holder_of_another_boot_or_container_is_not_taken_for_ours(
    ended: dict[str, Any],
):
    await hand_over(ended | {"machine": "elsewhere"})
    with pytest.raises(LeaseHeld):
        async with hold_lease("site", "ingest"):
            pass


@pytest.mark.usefixtures("database")
async def test_a_holder_renews_it_though_mongodb_stumbles(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.05)
    async with hold_lease("site", "ingest") as held:
        monkeypatch.setattr(leases.HeldLease, "assert_held", stumbling(held.assert_held))
        taken_until = (await lease())["expires_at"]
        await asyncio.sleep(0.4)
        assert (await lease())["expires_at"] > taken_until
    assert (await lease())["holder"] is None


def stumbling(assert_held: Callable[[], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    """Return a renewal that loses the connection once."""
    failures = [AutoReconnect("connection closed")]

    async def renew(_lease: Any) -> None:
        if failures:
            raise failures.pop()
        await assert_held()

    return renew


class TakingOver(NoProgress):
    """After a number of stored pages, lets `take` happen behind the run's back."""

    def __init__(self, take: Callable[[], Awaitable[None]], after_pages: int) -> None:
        self.take, self.left, self.taking = take, after_pages, None
        self.pages = 0

    def documents_stored(self, instance: str, doctype: str, documents: int) -> None:
        self.pages += 1
        if self.pages == self.left:
            self.taking = asyncio.ensure_future(self.take())


def slowly(ingester: Ingester) -> None:
    """Let the site take its time over each page, so that what happens between them is seen."""
    match = {"kind": "list", "doctype": "Sales Invoice", "contains": '["*"]'}
    ingester.site.control.fault("delay", seconds=0.15, match=match, times=None)


async def test_a_holder_that_was_replaced_stops_within_a_page_and_writes_nothing_more(
    ingester: Ingester,
):
    progress = TakingOver(lambda: hand_over(ELSEWHERE), after_pages=2)
    ingester.surroundings = Surroundings(sleep=no_sleep, progress=progress)
    ingester.options = {"page_rows": 20}
    slowly(ingester)
    with pytest.raises(LeaseLost):
        await ingester.run("Sales Invoice", "Farmer", "Item")
    assert progress.pages <= 3
    stored = await ingester.stored.count_documents({})
    assert stored < count_sample("Sales Invoice")
    assert (await lease())["holder"] == ELSEWHERE
    assert (await Run.get("site-00000001")).outcome is not Outcome.COMPLETED


class Drowsy(httpx.AsyncHTTPTransport):
    """Falls asleep over answers that have come: when it wakes up they are old."""

    def __init__(self) -> None:
        super().__init__()
        self.awake = asyncio.Event()
        self.awake.set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        await response.aread()
        await self.awake.wait()
        return response


async def test_what_a_later_holder_wrote_stays(
    ingester: Ingester, database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    """The first run sleeps over its own look at the lease: the fences alone must hold it."""
    monkeypatch.setattr(leases.HeldLease, "assert_held", no_look)
    ingester.insert("Field Visit", *({"name": number} for number in range(3, 111)))
    transport = Drowsy()

    async def overtake() -> None:
        transport.awake.clear()
        await asyncio.sleep(0.3)
        await hand_over(None, expires_in_s=-1)
        for number in range(1, 111):
            ingester.edit("Field Visit", number, findings="by the later")
        assert (await ingester.run("Field Visit")).outcome is Outcome.COMPLETED
        transport.awake.set()

    progress = TakingOver(overtake, after_pages=1)
    sleeper = Ingester(database, ingester.site, options={"page_rows": 20})
    sleeper.surroundings = Surroundings(transport=transport, sleep=no_sleep, progress=progress)
    with pytest.raises(LeaseLost):
        await sleeper.run("Field Visit")
    await progress.taking
    assert progress.pages < 5
    rows = await ingester.stored.find().to_list()
    assert len(rows) == 110
    assert {row["document_data"]["findings"] for row in rows} == {"by the later"}
    assert {row["run_id"] for row in rows} == {"site-00000003"}
    state = await ingester.state("Field Visit")
    assert (state.outcome, state.position, state.token) == (Outcome.COMPLETED, None, 3)
    outcomes = {run.token: run.outcome async for run in Run.find_all()}
    assert outcomes == {1: Outcome.INTERRUPTED, 3: Outcome.COMPLETED}


class TakingOverAtOnce(TakingOver):
    """Does it before the first DocType."""

    def instance_surveyed(self, instance: str, doctypes: int) -> None:
        self.taking = asyncio.ensure_future(self.take())


async def test_a_late_holder_with_nothing_to_store_writes_no_state_either(
    ingester: Ingester, database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    await ingester.run("Field Visit")
    monkeypatch.setattr(leases.HeldLease, "assert_held", no_look)
    transport = Drowsy()

    async def overtake() -> None:
        transport.awake.clear()
        await hand_over(None, expires_in_s=-1)
        await ingester.run("Field Visit")
        transport.awake.set()

    progress = TakingOverAtOnce(overtake, after_pages=0)
    sleeper = Ingester(database, ingester.site)
    sleeper.surroundings = Surroundings(transport=transport, sleep=no_sleep, progress=progress)
    with pytest.raises(LeaseLost):
        await sleeper.run("Field Visit")
    await progress.taking
    assert (await ingester.state("Field Visit")).token == 4
    outcomes = {run.token: run.outcome async for run in Run.find_all()}
    assert outcomes == {1: Outcome.COMPLETED, 2: Outcome.INTERRUPTED, 4: Outcome.COMPLETED}


async def no_look(_lease: Any) -> None:
    """Believe that the lease is still held."""


async def test_csa_ingest_names_the_holder_and_exits_with_5(csa: Csa):
    async with hold_lease("site", "reconcile"):
        finished = await asyncio.to_thread(csa.run, "ingest", "--json")
    assert finished.code == 5
    failure = finished.json["instances"]["site"]["failure"]
    assert failure["code"] == "lease_held"
    assert f"process {os.getpid()}" in failure["message"]
    assert failure["cure"]


async def test_two_csa_at_once_and_the_one_killed_leaves_no_lock(csa: Csa, ingester: Ingester):
    ingester.site.control.fault("delay", seconds=5.0, match={"doctype": "Customer"}, times=None)
    first = await asyncio.to_thread(csa.start, "ingest")
    try:
        while ((await lease()).get("holder") or {}).get("pid") != first.pid:
            assert first.poll() is None
            await asyncio.sleep(0.01)
        second = await asyncio.to_thread(csa.run, "ingest")
        assert second.code == 5
        assert f"process {first.pid}" in second.stderr
        assert second.stdout == ""
    finally:
        kill(first)
    ingester.site.control.clear_faults()
    third = await asyncio.to_thread(csa.run, "ingest")
    assert third.code == 0, third.stderr
