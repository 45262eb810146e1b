"""The source works ahead, in order, and ends with its consumer."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.ingestion.prefetch import prefetch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

TIME_LIMIT_S = 5


class Source:
    """Counts up; knows how far it is and whether it was closed."""

    def __init__(self, items: int, error: Exception | None = None) -> None:
        self.items = items
        self.error = error
        self.made = 0
        self.is_closed = False

    async def run(self) -> AsyncGenerator[int]:
        try:
            for number in range(self.items):
                await asyncio.sleep(0)
                self.made += 1
                yield number
            if self.error:
                raise self.error
        finally:
            await asyncio.sleep(0)
            self.is_closed = True


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


async def collect(source: AsyncGenerator[int]) -> list[int]:
    async with asyncio.timeout(TIME_LIMIT_S):
        return [item async for item in source]


@pytest.mark.parametrize("ahead", [1, 2, 7])
@pytest.mark.parametrize("items", [0, 1, 2, 20])
async def test_items_come_whole_and_in_order(items: int, ahead: int):
    source = Source(items)
    assert await collect(prefetch(source.run(), ahead)) == list(range(items))
    assert source.is_closed


@given(st.lists(st.integers()), st.integers(1, 4), st.integers(1, 4))
def test_nested_prefetches_keep_every_item_in_order(items: list[int], inner: int, outer: int):
    async def give() -> AsyncGenerator[int]:
        for item in items:
            yield item

    assert asyncio.run(collect(prefetch(prefetch(give(), inner), outer))) == items


async def test_the_next_item_is_made_while_this_one_is_used():
    source = Source(5)
    async with aclosing(prefetch(source.run())) as items:
        async for item in items:
            await settle()
            assert source.made >= min(5, item + 2)


@pytest.mark.xfail(strict=True, reason="one item more waits for its place in the queue")
@pytest.mark.parametrize("ahead", [1, 3])
async def test_the_source_is_never_more_than_so_many_items_ahead(ahead: int):
    source = Source(20)
    most = 0
    async with aclosing(prefetch(source.run(), ahead)) as items:
        async for item in items:
            await settle()
            most = max(most, source.made - (item + 1))
    assert most == ahead


@pytest.mark.parametrize("ahead", [1, 3])
async def test_a_source_waits_for_its_consumer(ahead: int):
    source = Source(1000)
    async with aclosing(prefetch(source.run(), ahead)) as items:
        await anext(items)
        await settle()
        assert source.made <= ahead + 2
    assert source.is_closed


@pytest.mark.parametrize("items", [0, 1, 5])
async def test_an_error_is_raised_after_the_items_before_it(items: int):
    error = ValueError("the source broke")
    source = Source(items, error)
    ahead = prefetch(source.run())
    assert [await anext(ahead) for _ in range(items)] == list(range(items))
    with pytest.raises(ValueError, match="the source broke") as caught:
        await anext(ahead)
    assert caught.value is error
    assert source.is_closed


async def test_an_error_comes_through_nested_prefetches():
    source = Source(3, ValueError("the source broke"))
    with pytest.raises(ValueError, match="the source broke"):
        await collect(prefetch(prefetch(source.run())))
    assert source.is_closed


async def again(source: AsyncGenerator[int]) -> AsyncGenerator[int]:
    """A stage between two prefetches, as the completion of pages is."""
    async with aclosing(source):
        async for item in source:
            yield item


@pytest.mark.parametrize("taken", [1, 2, 5])
@pytest.mark.parametrize("is_nested", [False, True])
async def test_a_consumer_that_leaves_early_closes_the_source(taken: int, *, is_nested: bool):
    source = Source(1000)
    items = prefetch(source.run())
    if is_nested:
        items = prefetch(again(items))
    async with asyncio.timeout(TIME_LIMIT_S), aclosing(items):
        for _ in range(taken):
            await anext(items)
    assert source.is_closed
    assert source.made <= taken + 6


@pytest.mark.parametrize("is_nested", [False, True])
async def test_an_error_of_the_consumer_closes_the_source(*, is_nested: bool):
    source = Source(1000)
    items = prefetch(source.run())
    if is_nested:
        items = prefetch(again(items))

    async def consume() -> None:
        async with asyncio.timeout(TIME_LIMIT_S), aclosing(items):
            async for _ in items:
                raise KeyError

    with pytest.raises(KeyError):
        await consume()
    assert source.is_closed


@pytest.mark.parametrize("after", [0, 1, 3, 20])
async def test_a_cancelled_consumer_closes_a_source_in_the_middle_of_its_work(after: int):
    source = Source(2)
    is_waiting_closed = False

    async def slow() -> AsyncGenerator[int]:
        nonlocal is_waiting_closed
        try:
            async for item in source.run():
                yield item
            await asyncio.Event().wait()
        finally:
            is_waiting_closed = True

    consumer = asyncio.create_task(collect(prefetch(again(prefetch(slow())))))
    for _ in range(after):
        await asyncio.sleep(0)
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    assert is_waiting_closed or not source.made


async def test_a_prefetch_that_nobody_asks_starts_nothing():
    source = Source(5)
    items = prefetch(source.run())
    await settle()
    await items.aclose()
    assert source.made == 0


async def cancelled_inside() -> AsyncGenerator[int]:
    yield 0
    inner = asyncio.get_running_loop().create_future()
    inner.cancel()
    await inner


@pytest.mark.xfail(strict=True, reason="a source that is cancelled from within never ends")
async def test_a_source_that_is_cancelled_from_within_does_not_hang_its_consumer():
    items = prefetch(cancelled_inside())
    async with aclosing(items):
        assert await anext(items) == 0
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(0.2):
                await anext(items)


@pytest.mark.xfail(strict=True, reason="a second cancellation, while closing, is swallowed")
async def test_a_cancellation_while_the_source_closes_is_not_lost():
    closing = asyncio.Event()

    async def slow_to_close() -> AsyncGenerator[int]:
        try:
            yield 0
            await asyncio.Event().wait()
        finally:
            closing.set()
            await asyncio.sleep(0.05)

    async def consume() -> None:
        items = prefetch(slow_to_close())
        await anext(items)
        await items.aclose()

    consumer = asyncio.create_task(consume())
    await closing.wait()
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
