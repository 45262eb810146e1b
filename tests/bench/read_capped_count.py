"""Time that the capped count adds to a page ÷ time of the page without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench.reading import BASE, compare_times

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench


async def take(bench: Workbench) -> dict[str, Any]:
    page = f"{BASE}/documents?size=50&fields=*"
    compared = await compare_times(bench, counted=f"{page}&count=capped", page=f"{page}&count=none")
    return compared | {"ratio": round(compared["ratio"] - 1, 3)}
