"""The one clock of a walk: the site's and the warehouse's, moved by the model alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

# After the last document of the books.
START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1_009)


class WalkClock:
    """Aware UTC for the warehouse, naive text for the site; never the same moment twice there."""

    def __init__(self, time_zone: str) -> None:
        self.time_zone = time_zone
        self.utc = START

    def read(self) -> datetime:
        """Return the time, aware, in UTC."""
        return self.utc

    def now(self) -> str:
        """Return the next moment as a row's `modified` holds it."""
        self.utc += TICK
        return self.site_text(timedelta())

    def site_text(self, ago: timedelta) -> str:
        """Return the site's time of `ago` as text."""
        return self.site_text_at(self.utc - ago)

    def site_text_at(self, moment: datetime) -> str:
        """Return a moment as text of the site's time."""
        return str(moment.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None))

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.utc += by
