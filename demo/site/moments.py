"""Dates and times as the site compares them: text, in the site's own zone.

A canonical moment sorts as text ("2026-11-23 07:38:05" before "2026-11-23 07:38:05.000001"), so
nothing is turned into datetime objects. What can't be read is the earliest moment of all, not an
error: `["modified", ">", "garbage"]` gives every row.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EARLIEST = "0001-01-01 00:00:00"
_MOMENT = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,6})\d*)?)?)?"
)
_CANONICAL = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8]) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    r"(?:\.(?!000000)\d{6})?"
)
_TIME = re.compile(r"\s*(\d{1,3}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?")


def moment_key(text: str) -> str:
    """Give the canonical moment; a zone suffix is ignored, a date is its midnight."""
    # Rows hold canonical moments already, and a scan asks for millions of them.
    return text if _CANONICAL.fullmatch(text) else _read_moment(text)


@lru_cache(maxsize=1 << 12)
def _read_moment(text: str) -> str:
    found = _MOMENT.match(text)
    if found is None:
        return EARLIEST
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - site time
    except ValueError:
        return EARLIEST
    fraction = (found[7] or "").ljust(6, "0")
    return str(moment) + ("" if fraction == "000000" else f".{fraction}")


def date_key(text: str) -> str:
    """Give the canonical date."""
    return moment_key(text)[:10]


def end_of_day(text: str) -> str:
    """Give the upper bound that `between` takes: a bare date counts to its last moment."""
    key = moment_key(text)
    return f"{key[:10]} 23:59:59.999999" if len(text.strip()) <= len("2026-11-23") else key


def time_key(text: str) -> float:
    """Give the seconds of a Time value, which has no zero padding ("7:38:4.697352")."""
    found = _TIME.match(text)
    if found is None:
        return 0.0
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3] or 0)


class SiteClock:
    """The site's wall clock: never twice the same moment, so that edits are told apart."""

    def __init__(self, time_zone: str) -> None:
        self.time_zone = time_zone
        self._last: datetime | None = None

    def now(self) -> str:
        """Give the moment as a row's `modified` holds it."""
        moment = datetime.now(ZoneInfo(self.time_zone)).replace(tzinfo=None)
        if self._last is not None and moment <= self._last:
            moment = self._last + timedelta(microseconds=1)
        self._last = moment
        return str(moment)
