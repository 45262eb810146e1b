"""Let a source of pages work ahead: the next page is on its way while this one is stored."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _End:
    """The source is exhausted, or failed."""

    error: Exception | None = None


async def prefetch(source: AsyncGenerator[T], ahead: int = 1) -> AsyncGenerator[T]:
    """Yield the items of `source`, which runs up to `ahead` items in advance in a task of its own.

    An error of the source is raised after the items that came before it.
    """
    queue: asyncio.Queue[T | _End] = asyncio.Queue(ahead)
    task = asyncio.create_task(_fill(queue, source))
    try:
        while not isinstance(item := await queue.get(), _End):
            yield item
        if item.error:
            raise item.error
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _fill(queue: asyncio.Queue[T | _End], source: AsyncGenerator[T]) -> None:
    async with aclosing(source):
        try:
            async for item in source:
                await queue.put(item)
        except Exception as error:  # noqa: BLE001 handed to the consumer, which raises it
            await queue.put(_End(error))
        else:
            await queue.put(_End())
