"""A ring on the run page that fills as DocTypes are done."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

if TYPE_CHECKING:
    from uuid import UUID

# Each step is a request to the Prefect server, which other runs need, too.
PAUSE_S = 5.0
WHOLE = 100.0


@dataclass(slots=True)
class ProgressRing:
    """Counts `done` of `total` DocTypes and shows it now and then."""

    artifact: UUID
    total: int
    done: int = 0
    shown_at: float = 0.0

    @classmethod
    async def draw(cls, key: str, total: int) -> Self:
        """Put an empty ring on the page of the run at hand."""
        artifact = await acreate_progress_artifact(
            0.0, key=f"{key}-progress", description=f"{total} DocTypes with work"
        )
        return cls(artifact, total, shown_at=time.monotonic())

    async def advance(self) -> None:
        """Count one more."""
        self.done += 1
        if time.monotonic() - self.shown_at >= PAUSE_S:
            await self.show()

    async def show(self) -> None:
        """Fill the ring as far as things are."""
        self.shown_at = time.monotonic()
        share = min(WHOLE, WHOLE * self.done / self.total)
        await aupdate_progress_artifact(self.artifact, share)
