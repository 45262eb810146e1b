"""Time of the 1,000th page ÷ time of the first, both of the default list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from tests.bench.read_store import open_read_store
from tests.bench.reading import BASE, compare_times

if TYPE_CHECKING:
    from tests.bench.read_store import ReadStore
    from tests.bench.workbench import Workbench

PAGES = 1000


async def take(bench: Workbench) -> dict[str, Any]:
    store = await open_read_store(bench)
    page = min(PAGES, store.documents // 2)
    size = store.documents // (page + 1)
    query = f"{BASE}/documents?size={size}&count=none"
    cursor = await _walk(store, query, page)
    compared = await compare_times(bench, deep=f"{query}&cursor={cursor}", first=query)
    return compared | {"page": page, "documents_per_page": size}


async def _walk(store: ReadStore, query: str, page: int) -> str:
    """Return the cursor of a page."""
    path, cursor = query, ""
    headers = {"Authorization": f"Bearer {store.token}"}
    async with httpx.AsyncClient(base_url=store.url, headers=headers, trust_env=False) as client:
        for _ in range(page - 1):
            cursor = (await client.get(path)).json()["next_cursor"]
            path = f"{query}&cursor={cursor}"
    return cursor
