"""When a DocType is read again in full, changed or not.

Much changes in an ERPNext without a new `modified`: db_set, links behind a rename, trees, SQL.
Every DocType is therefore read in full, and compared by content, within CSA_REREAD_DAYS; one that
fits on a page every day. The larger ones are spread over the days by their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from warehouse.documents.control import SyncState

# A little less than a day, and a day less than promised, since a daily run may be late.
DAILY = timedelta(hours=20)
MARGIN_DAYS = 1


@dataclass(frozen=True, slots=True)
class Rota:
    """`reread_days`: within how many days everything is read; `page_rows`: what fits on a page."""

    reread_days: int
    page_rows: int

    def is_due_by(self, state: SyncState | None, now: datetime) -> bool:
        """Say whether a DocType in this state is due; one that was never synced is not yet."""
        if state is None or not state.documents:
            return False
        return self.is_due(state.doctype, state.documents, state.reread_at, now)

    def is_due(
        self, doctype: str, documents: int, reread_at: datetime | None, now: datetime
    ) -> bool:
        """Say whether `documents` stored documents, last read in full at `reread_at`, are due."""
        if reread_at is None:
            return True
        return now - reread_at >= self.interval(doctype, documents)

    def interval(self, doctype: str, documents: int) -> timedelta:
        """Return the time between two full readings: a day, or half to all of `reread_days`."""
        if documents <= self.page_rows:
            return DAILY
        share = 0.5 + _phase(doctype) / 2
        return max(DAILY, timedelta(days=(self.reread_days - MARGIN_DAYS) * share))


def _phase(doctype: str) -> float:
    return int.from_bytes(blake2b(doctype.encode(), digest_size=2).digest(), "big") / 65_536
