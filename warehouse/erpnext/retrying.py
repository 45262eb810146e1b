"""When a request to an ERP is tried again: passing failures only, with jitter and a budget.

Rate limits and maintenance are not waited out here: they last minutes to an hour, and their run is
deferred instead. The budget is one per run, so that a dying site costs minutes and not the night.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from warehouse.errors import ErpInMaintenance, ErpTimedOut, ErpUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Sleep = Callable[[float], Awaitable[None]]

logger = logging.getLogger(__name__)

ATTEMPTS = 5
MAX_WAIT_S = 30.0


@dataclass(slots=True)
class RetryBudget:
    """How many retries a run may still spend on one instance."""

    left: int = 200
    spent: int = field(default=0, init=False)

    def is_used_up(self, _state: RetryCallState) -> bool:
        """Say whether no retry is left (a tenacity stop condition)."""
        return self.left <= 0

    def spend(self, state: RetryCallState) -> None:
        """Take one retry from the budget and log why (a tenacity before_sleep hook)."""
        self.left -= 1
        self.spent += 1
        error = state.outcome.exception() if state.outcome else None
        wait_s = state.next_action.sleep if state.next_action else 0.0
        logger.info("Attempt %d failed: %s Next in %.1f s.", state.attempt_number, error, wait_s)


def retrying(budget: RetryBudget, sleep: Sleep) -> AsyncRetrying:
    """Return tenacity's loop for one request."""
    return AsyncRetrying(
        retry=retry_if_exception(is_passing),
        stop=lambda state: stop_after_attempt(ATTEMPTS)(state) or budget.is_used_up(state),
        wait=wait_random_exponential(multiplier=0.5, max=MAX_WAIT_S),
        before_sleep=budget.spend,
        sleep=sleep,
        reraise=True,
    )


def is_passing(error: BaseException) -> bool:
    """Say whether the same request may succeed within seconds."""
    lasting = ErpInMaintenance | ErpTimedOut
    return isinstance(error, ErpUnavailable) and not isinstance(error, lasting)
