"""Single documents/s over HTTP ÷ the same reads and encoding without the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench.read_store import open_read_store
from tests.bench.reading import BASE, compare_reads

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench


async def take(bench: Workbench) -> dict[str, Any]:
    store = await open_read_store(bench)
    paths = [f"{BASE}/documents/{name}" for name in store.names]
    return await compare_reads(bench, paths, names=tuple(store.names))
