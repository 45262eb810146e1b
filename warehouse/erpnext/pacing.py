"""Leave the ERP's people their share of its rate limit.

Frappe's limit counts seconds of server time per site and window, all users together, and tells in
each answer how much is left. A run that would eat into the reserve ends as deferred, before the
site answers 429 to everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.errors import ErpThrottled

if TYPE_CHECKING:
    from collections.abc import Mapping

RESERVED_SHARE = 0.25
_LIMIT, _REMAINING, _RESET = (f"x-ratelimit-{name}" for name in ("limit", "remaining", "reset"))


@dataclass(slots=True)
class RateLimit:
    """The site's rate limit as last told: `remaining` of `limit`, anew in `reset_s` seconds."""

    limit: int = 0
    remaining: int = 0
    reset_s: int = 0

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take the figures of an answer; a site without a limit sends none."""
        values = [headers.get(name, "") for name in (_LIMIT, _REMAINING, _RESET)]
        if all(value.isdecimal() for value in values):
            self.limit, self.remaining, self.reset_s = map(int, values)

    def assert_left(self, instance: str, request: str) -> None:
        """Raise ErpThrottled when what is left belongs to the ERP's people.

        Once: the window that the figures speak of may be over when the next run asks.
        """
        if self.remaining >= self.limit * RESERVED_SHARE:
            return
        seconds, self.limit, self.remaining = self.reset_s, 0, 0
        raise ErpThrottled(
            f"{instance} has less than {RESERVED_SHARE:.0%} of its rate limit left, which is kept "
            f"for its people; it starts anew in {seconds} s.",
            instance=instance,
            retry_after_s=seconds,
            cure="Nothing to do: the next run continues where this one stopped.",
            request=request,
        )
