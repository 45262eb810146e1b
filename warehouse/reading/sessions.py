"""Sessions with MongoDB that are kept from one command to the next.

The driver makes one for every command that comes without, and takes it apart afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bson.codec_options import CodecOptions
    from pymongo.asynchronous.client_session import AsyncClientSession
    from pymongo.asynchronous.database import AsyncDatabase


class Sessions:
    """The sessions of one client that no command uses just now; one object per process."""

    def __init__(self) -> None:
        self._idle: list[AsyncClientSession] = []

    async def command(
        self, database: AsyncDatabase[Any], command: dict[str, Any], options: CodecOptions[Any]
    ) -> Mapping[str, Any]:
        """Run a command; return MongoDB's answer."""
        idle = self._idle
        # As the driver's own: a read waits for no write.
        session = idle.pop() if idle else database.client.start_session(causal_consistency=False)
        try:
            answer: Mapping[str, Any] = await database.command(
                command, codec_options=options, session=session
            )
        except BaseException:
            await session.end_session()  # the driver knows whether it can be used again
            raise
        idle.append(session)
        return answer
