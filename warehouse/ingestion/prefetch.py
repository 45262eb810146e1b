"""Work ahead: the next pages are asked for and completed while this one is stored."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine

Item = TypeVar("Item")
Result = TypeVar("Result")


async def work_ahead(
    source: AsyncGenerator[Item],
    work: Callable[[Item], Coroutine[Any, Any, Result]],
    ahead: int,
) -> AsyncGenerator[Result]:
    """Yield `work(item)` for the items of `source`, in their order.

    Beyond the result that was yielded last, up to `ahead` items are drawn and worked on at once.
    An error is raised after the results that came before it.
    """
    started: asyncio.Queue[asyncio.Task[Result] | None] = asyncio.Queue()
    room = asyncio.Semaphore(ahead)
    drawing = asyncio.create_task(_draw(source, work, started, room))
    try:
        while task := await started.get():
            result = await task
            room.release()
            yield result
        await drawing
    finally:
        await _cancel(drawing)
        while not started.empty():
            if task := started.get_nowait():
                await _cancel(task)


async def _draw(
    source: AsyncGenerator[Item],
    work: Callable[[Item], Coroutine[Any, Any, Result]],
    started: asyncio.Queue[asyncio.Task[Result] | None],
    room: asyncio.Semaphore,
) -> None:
    try:
        async with aclosing(source):
            await room.acquire()
            async for item in source:
                started.put_nowait(asyncio.create_task(work(item)))
                await room.acquire()
    finally:
        started.put_nowait(None)


async def _cancel(task: asyncio.Task[Any]) -> None:
    """Stop a task; what it ended with is of no use any more."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
