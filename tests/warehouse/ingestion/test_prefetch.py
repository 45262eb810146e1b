"""Work goes ahead of its consumer, in order and within bounds, and ends with it."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.ingestion.prefetch import work_ahead

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

TIME_LIMIT_S = 5


class Pages:
    """A source of numbers and work on them; knows how far both are, and what was closed.

    `slow`: how many turns of the loop the work on a number takes. `broken`: number → its error.
    """

    def __init__(
        self,
        items: int,
        error: Exception | None = None,
        slow: dict[int, int] | None = None,
        broken: dict[int, Exception] | None = None,
    ) -> None:
        self.items = items
        self.error = error
        self.slow = slow or {}
        self.broken = broken or {}
        self.drawn = 0
        self.at_work = 0
        self.is_closed = False

    async def run(self) -> AsyncGenerator[int]:
        try:
            for number in range(self.items):
                await asyncio.sleep(0)
                self.drawn += 1
                yield number
            if self.error:
                raise self.error
        finally:
            await asyncio.sleep(0)
            self.is_closed = True

    async def work(self, number: int) -> int:
        self.at_work += 1
        try:
            for _ in range(self.slow.get(number, 0)):
                await asyncio.sleep(0)
            if number in self.broken:
                raise self.broken[number]
            return number * 10
        finally:
            self.at_work -= 1

    def ahead(self, ahead: int = 1) -> AsyncGenerator[int]:
        return work_ahead(self.run(), self.work, ahead)


@pytest.fixture(autouse=True)
async def nothing_is_left_over(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Fail on tasks still running, and on what asyncio complains about."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    gc.collect()
    assert not left
    assert not [record.message for record in caplog.records if record.name == "asyncio"]


async def settle() -> None:
    """Let every other task go as far as it can."""
    for _ in range(50):
        await asyncio.sleep(0)


async def collect(results: AsyncGenerator[int]) -> list[int]:
    async with asyncio.timeout(TIME_LIMIT_S):
        return [result async for result in results]


async def take(results: AsyncGenerator[int], number: int) -> list[int]:
    """Take some results and leave."""
    async with asyncio.timeout(TIME_LIMIT_S), aclosing(results):
        return [await anext(results) for _ in range(number)]


@pytest.mark.parametrize("ahead", [1, 2, 7])
@pytest.mark.parametrize("items", [0, 1, 2, 20])
async def test_every_result_comes_in_the_order_of_the_source(items: int, ahead: int):
    pages = Pages(items)
    assert await collect(pages.ahead(ahead)) == [10 * number for number in range(items)]
    assert pages.is_closed


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 5))
def test_order_is_kept_however_long_each_piece_of_work_takes(turns: list[int], ahead: int):
    pages = Pages(len(turns), slow=dict(enumerate(turns)))
    results = asyncio.run(collect(pages.ahead(ahead)))
    assert results == [10 * number for number in range(len(turns))]


@pytest.mark.parametrize("ahead", [1, 3])
async def test_exactly_so_many_items_are_drawn_beyond_the_one_in_use(ahead: int):
    pages = Pages(20)
    beyond: list[int] = []
    async with aclosing(pages.ahead(ahead)) as results:
        async for result in results:
            await settle()
            beyond.append(pages.drawn - (result // 10 + 1))
    assert beyond == [min(ahead, 20 - used) for used in range(1, 21)]


@pytest.mark.parametrize("ahead", [1, 3])
async def test_so_many_items_are_worked_on_side_by_side(ahead: int):
    pages = Pages(20, slow=dict.fromkeys(range(20), 1000))
    results = pages.ahead(ahead)
    first = asyncio.ensure_future(anext(results))
    await settle()
    assert pages.at_work == ahead
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await results.aclose()
    assert pages.at_work == 0


@pytest.mark.parametrize("ahead", [1, 3])
@pytest.mark.parametrize("items", [0, 1, 5])
async def test_an_error_of_the_source_comes_after_the_results_before_it(items: int, ahead: int):
    error = ValueError("the source broke")
    pages = Pages(items, error)
    results = pages.ahead(ahead)
    assert [await anext(results) for _ in range(items)] == [10 * number for number in range(items)]
    with pytest.raises(ValueError, match="the source broke") as caught:
        await anext(results)
    assert caught.value is error
    assert pages.is_closed


@pytest.mark.parametrize("ahead", [1, 3, 9])
@pytest.mark.parametrize("place", [0, 1, 4])
async def test_an_error_of_the_work_comes_in_its_place(place: int, ahead: int):
    error = ValueError("the work broke")
    pages = Pages(9, slow={number: 9 - number for number in range(9)}, broken={place: error})
    results = pages.ahead(ahead)
    assert [await anext(results) for _ in range(place)] == [10 * number for number in range(place)]
    with pytest.raises(ValueError, match="the work broke") as caught:
        await anext(results)
    assert caught.value is error
    assert pages.is_closed
    assert pages.at_work == 0


async def test_of_two_errors_the_first_in_order_counts():
    broken: dict[int, Exception] = {1: KeyError("late"), 2: ValueError("early")}
    pages = Pages(3, OSError("source"), slow={1: 30}, broken=broken)
    with pytest.raises(KeyError, match="late"):
        await collect(pages.ahead(3))
    assert pages.is_closed


@pytest.mark.parametrize("ahead", [1, 3])
@pytest.mark.parametrize("taken", [1, 2, 5])
async def test_a_consumer_that_leaves_early_closes_source_and_work(taken: int, ahead: int):
    pages = Pages(1000, slow=dict.fromkeys(range(taken, 1000), 1000))
    assert len(await take(pages.ahead(ahead), taken)) == taken
    assert pages.is_closed
    assert pages.at_work == 0
    assert pages.drawn <= taken + ahead


async def test_an_error_of_the_consumer_closes_source_and_work():
    pages = Pages(1000)

    async def consume() -> None:
        async with asyncio.timeout(TIME_LIMIT_S), aclosing(pages.ahead(3)) as results:
            async for _ in results:
                raise KeyError

    with pytest.raises(KeyError):
        await consume()
    assert pages.is_closed
    assert pages.at_work == 0


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 20, 50])
async def test_a_cancelled_consumer_closes_source_and_work_wherever_they_are(turns: int):
    pages = Pages(1000, slow=dict.fromkeys(range(1000), 3) | {5: 10**6})
    consumer = asyncio.create_task(collect(pages.ahead(2)))
    for _ in range(turns):
        await asyncio.sleep(0)
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    assert pages.is_closed or not pages.drawn
    assert pages.at_work == 0


async def test_what_nobody_asks_for_is_not_started():
    pages = Pages(5)
    results = pages.ahead()
    await settle()
    await results.aclose()
    assert pages.drawn == 0


async def cancelled_inside() -> AsyncGenerator[int]:
    yield 1
    inner = asyncio.get_running_loop().create_future()
    inner.cancel()
    await inner


async def test_a_source_that_is_cancelled_from_within_does_not_hang_its_consumer():
    results = work_ahead(cancelled_inside(), Pages(0).work, 1)
    async with asyncio.timeout(TIME_LIMIT_S):
        assert await anext(results) == 10
        with pytest.raises(asyncio.CancelledError):
            await anext(results)


async def test_a_cancellation_while_the_source_closes_is_not_lost():
    closing = asyncio.Event()

    async def slow_to_close() -> AsyncGenerator[int]:
        try:
            yield 0
            await asyncio.Event().wait()
        finally:
            closing.set()
            await asyncio.sleep(0.01)

    consumer = asyncio.create_task(take(work_ahead(slow_to_close(), Pages(0).work, 1), 1))
    await closing.wait()
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    await asyncio.sleep(0.05)
