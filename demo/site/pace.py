"""How long a real ERPNext takes, so that figures measured here mean something there.

The times were measured on Frappe 15.44 with MariaDB on two shared cores. The site's own computing
counts into them: an answer is held until its time is over, not for that time in addition.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from demo.site.answers import Answer, Effort

_AT_ONCE = 2
_DOCUMENT_S = 0.057
_CALL_S = 0.015
_STAR_ROW_S = 0.00045
_CHILD_ROW_S = 0.0002
_NARROW_ROW_S = 0.000045


def erpnext_seconds(effort: Effort) -> float:
    """Tell how long a real site takes for an answer."""
    if effort.documents:
        return effort.documents * _DOCUMENT_S
    return (
        _CALL_S
        + effort.star_rows * _STAR_ROW_S
        + effort.child_rows * _CHILD_ROW_S
        + effort.narrow_rows * _NARROW_ROW_S
    )


class ErpnextPace:
    """Lets two requests in at once and holds each answer until a real site would give it."""

    def __init__(self) -> None:
        self._workers = asyncio.Semaphore(_AT_ONCE)

    async def run(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do the work at a real site's pace."""
        async with self._workers:
            clock = asyncio.get_running_loop().time
            started = clock()
            answer = await work()
            await asyncio.sleep(started + erpnext_seconds(answer.effort) - clock())
            return answer


class OwnPace:
    """Answers as fast as it can."""

    async def run(self, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Do the work."""
        return await work()
