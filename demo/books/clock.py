"""When made-up documents were created and changed: a year that ends on a fixed day.

Every 80th document shares one `modified`, as after a bulk update: readers that page by `modified`
alone lose rows there.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from random import Random

FIRST = datetime(2025, 11, 24, 6, 30)  # noqa: DTZ001 - ERPNext's times are naive, of the site's zone
LAST = datetime(2026, 11, 20, 18, 30)  # noqa: DTZ001
BULK_UPDATE = datetime(2026, 10, 2, 11, 15, 0, 250_000)  # noqa: DTZ001
BULK_EVERY = 80
WHOLE_SECOND_EVERY = 60
MOST_FOLLOWING = 997
CANCELLED_AFTER = 0.02

_YEAR_S = (LAST - FIRST).total_seconds()
_BULK_TEXT = str(BULK_UPDATE)


class Stamp(NamedTuple):
    """`creation` and `modified` as ERPNext writes them, and `created` to reckon with."""

    creation: str
    modified: str
    created: datetime


class Clock:
    """Gives out stamps; counts them, so that ties come at fixed places."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._given = 0
        self._followed = 0

    def stamp(self, moment: float) -> Stamp:
        """Stamp a document created at `moment`: 0 is the first day of business, 1 the last.

        Masters stand before the first day, at small negative moments.
        """
        self._given += 1
        created = FIRST + timedelta(seconds=_YEAR_S * moment)
        if self._given % WHOLE_SECOND_EVERY == 0:
            created = created.replace(microsecond=0)
        if self._given % BULK_EVERY == 0 and created < BULK_UPDATE:
            return Stamp(str(created), _BULK_TEXT, created)
        changed = self._change_after(created)
        if self._given % WHOLE_SECOND_EVERY == 1:
            changed = max(created, changed.replace(microsecond=0))
        return Stamp(str(created), str(changed), created)

    def follow(self, created: datetime, *, later: bool = False) -> Stamp:
        """Stamp a ledger's row: microseconds after its voucher, or `later`, when that ended."""
        self._followed = self._followed % MOST_FOLLOWING + 1
        moment = created + (LAST - created) * CANCELLED_AFTER if later else created
        written = moment + timedelta(microseconds=self._followed)
        text = str(written)
        return Stamp(text, text, written)

    def _change_after(self, created: datetime) -> datetime:
        """Most are submitted within minutes, the others are touched again some days later."""
        chance = self._rng.random()
        delay_s = chance * 600 if chance < 0.6 else (chance - 0.6) * 25 * 86_400  # noqa: PLR2004
        changed = created + timedelta(seconds=1 + delay_s)
        return changed if changed <= LAST else created + (LAST - created) * chance


@cache
def format_date(day: date) -> str:
    """Write a date as Frappe does, always as the same string object: a site has few days."""
    return str(day)


def format_time(moment: datetime) -> str:
    """Write a time of day as Frappe does, the text of a timedelta: `7:05:00`."""
    return str(
        timedelta(
            hours=moment.hour,
            minutes=moment.minute,
            seconds=moment.second,
            microseconds=moment.microsecond,
        )
    )
