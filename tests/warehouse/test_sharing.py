"""Those who ask for the same at once: one call, one answer, one failure."""

from __future__ import annotations

import asyncio

import pytest

from warehouse.sharing import Sharing


class Oracle:
    """Answers when it is let, and counts how often it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()
        self._error = error

    async def __call__(self) -> int:
        self.asked += 1
        number = self.asked
        await self.may_answer.wait()
        if self._error:
            raise self._error
        return number


async def ask_often(
    sharing: Sharing[str, int], oracle: Oracle, key: str = "one"
) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(sharing.ask(key, oracle)) for _ in range(3)]
    await asyncio.sleep(0)
    return tasks


async def test_those_who_ask_at_once_share_an_answer():
    sharing, oracle = Sharing[str, int](), Oracle()
    tasks = [*await ask_often(sharing, oracle), *await ask_often(sharing, oracle, "two")]
    oracle.may_answer.set()
    assert await asyncio.gather(*tasks) == [1, 1, 1, 2, 2, 2]
    assert await sharing.ask("one", oracle) == 3, "nothing is kept"


async def test_a_failure_is_shared_instead_of_queued_for():
    sharing, oracle = Sharing[str, int](), Oracle(ValueError("no"))
    tasks = await ask_often(sharing, oracle)
    oracle.may_answer.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["no", "no", "no"]
    assert oracle.asked == 1


async def test_whoever_gives_up_leaves_the_others_their_answer():
    sharing, oracle = Sharing[str, int](), Oracle()
    first, *others = await ask_often(sharing, oracle)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    oracle.may_answer.set()
    assert await asyncio.gather(*others) == [1, 1]


async def test_nobody_has_an_answer_to_what_was_asked_before_a_change():
    sharing, oracle = Sharing[str, int](), Oracle()
    before = await ask_often(sharing, oracle)
    sharing.begin_anew()
    after = await ask_often(sharing, oracle)
    oracle.may_answer.set()
    assert await asyncio.gather(*before, *after) == [1, 1, 1, 2, 2, 2]
    assert await sharing.ask("one", oracle) == 3
