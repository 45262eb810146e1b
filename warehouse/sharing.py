"""One answer, or one failure, for all who ask for the same thing at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Sharing(Generic[Key, Answer]):
    """What is being asked, by key; nothing of it is kept once it is answered."""

    def __init__(self) -> None:
        self._asked: dict[Key, asyncio.Task[Answer]] = {}

    async def ask(self, key: Key, ask: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """Return what `ask` returns, or raise what it raises, be it another one's call of it."""
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.create_task(ask())
            asked.add_done_callback(lambda ended: self._end(key, ended))
        # Whoever gives up waiting leaves the others their answer.
        return await asyncio.shield(asked)

    def begin_anew(self) -> None:
        """Let nobody who comes from now on have an answer to what was asked before."""
        self._asked.clear()

    def _end(self, key: Key, ended: asyncio.Task[Answer]) -> None:
        if self._asked.get(key) is ended:
            del self._asked[key]
        if not ended.cancelled():
            ended.exception()  # seen: whoever asked may have given up
