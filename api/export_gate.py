"""How many exports run side by side: each keeps MongoDB busy for minutes."""

from __future__ import annotations

import weakref
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warehouse.errors import TooManyExports

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

PER_ACCOUNT, PER_PROCESS = 2, 6
RETRY_AFTER_S = 30


@dataclass(eq=False, slots=True)
class Ticket:
    """One export's place, given back once, however often it is asked for."""

    gate: ExportGate
    account: str
    is_held: bool = True

    def give_back(self) -> None:
        """Make place for another export."""
        if self.is_held:
            self.is_held = False
            self.gate.running[self.account] -= 1


@dataclass(slots=True)
class ExportGate:
    """Counts the exports of this process. `running`: by account."""

    running: Counter[str] = field(default_factory=Counter)

    def hold(self, account: str, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Return `content`, which has a place until it ends, or until nobody holds it any more.

        Raises:
            TooManyExports: if there is none.
        """
        if self.running[account] >= PER_ACCOUNT or self.running.total() >= PER_PROCESS:
            raise TooManyExports(retry_after_s=RETRY_AFTER_S)
        self.running[account] += 1
        ticket = Ticket(self, account)
        held = _pass_on(content, ticket)
        # Of a caller who has gone before the first byte nothing is ever read.
        weakref.finalize(held, ticket.give_back)
        return held


async def _pass_on(content: AsyncIterator[bytes], ticket: Ticket) -> AsyncGenerator[bytes]:
    try:
        async for part in content:
            yield part
    finally:
        ticket.give_back()
