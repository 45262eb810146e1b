"""Sessions with MongoDB are used again, by one command at a time, and not after one has failed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from pymongo.errors import OperationFailure

from warehouse.reading.sessions import Sessions

if TYPE_CHECKING:
    from bson.codec_options import CodecOptions
    from pymongo.asynchronous.database import AsyncDatabase

PING = {"ping": 1}


class Spy:
    """Runs commands and keeps their sessions."""

    def __init__(self, database: AsyncDatabase[Any]) -> None:
        self.client = database.client
        self.codec_options: CodecOptions[Any] = database.codec_options
        self.used: list[Any] = []
        self._database = database

    async def command(self, command: Any, *, session: Any, **options: Any) -> Any:
        self.used.append(session)
        return await self._database.command(command, session=session, **options)


@pytest.fixture
def spy(database: AsyncDatabase[Any]) -> Spy:
    return Spy(database)


async def run(sessions: Sessions, spy: Spy, command: dict[str, Any]) -> Any:
    return await sessions.command(spy, command, spy.codec_options)  # type: ignore[arg-type]


async def test_commands_that_follow_each_other_share_a_session(spy: Spy):
    sessions = Sessions()
    for _ in range(3):
        assert (await run(sessions, spy, PING))["ok"] == 1
    assert len(set(spy.used)) == 1


async def test_commands_at_once_have_one_each(spy: Spy):
    sessions = Sessions()
    for _ in range(2):
        await asyncio.gather(*(run(sessions, spy, PING) for _ in range(4)))
    assert len(set(spy.used[:4])) == 4
    assert set(spy.used[4:]) == set(spy.used[:4])


async def test_a_session_whose_command_failed_or_was_given_up_is_not_used_again(spy: Spy):
    sessions = Sessions()
    with pytest.raises(OperationFailure):
        await run(sessions, spy, {"nonsense": 1})
    sleeping = asyncio.create_task(run(sessions, spy, {"sleep": 1, "secs": 1}))
    await asyncio.sleep(0.05)
    sleeping.cancel()
    await asyncio.gather(sleeping, return_exceptions=True)
    await run(sessions, spy, PING)
    assert len(set(spy.used)) == 3
    assert [session.has_ended for session in spy.used] == [True, True, False]
