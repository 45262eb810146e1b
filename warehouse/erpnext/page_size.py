"""How many rows the next page asks for: as many as come back in good time and size."""

from __future__ import annotations

from dataclasses import dataclass

TARGET_S = 10.0
TARGET_BYTES = 32_000_000
MIN_ROWS = 20


@dataclass(slots=True)
class PageSize:
    """Rows of the next page, between MIN_ROWS and `max_rows`.

    Halved when a page took longer than TARGET_S or weighed more than TARGET_BYTES, doubled again
    when one stays below a quarter of both.
    """

    max_rows: int
    rows: int = 0

    def __post_init__(self) -> None:
        self.rows = self.rows or self.max_rows

    def learn(self, seconds: float, size_bytes: int) -> None:
        """Adapt to what the last page took."""
        load = max(seconds / TARGET_S, size_bytes / TARGET_BYTES)
        if load > 1:
            self.shrink()
        elif load < 1 / 4:
            self.rows = min(self.max_rows, self.rows * 2)

    def shrink(self) -> None:
        """Halve the page."""
        self.rows = max(min(MIN_ROWS, self.max_rows), self.rows // 2)

    def shrink_for_good(self) -> bool:
        """Quarter the page after a time-out; say whether that was possible."""
        smaller = max(min(MIN_ROWS, self.max_rows), self.rows // 4)
        could = smaller < self.rows
        self.rows = self.max_rows = smaller
        return could
