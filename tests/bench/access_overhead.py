"""Time of a page with a compiled filter ÷ time of the same page without, 16 clients at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench.read_store import open_read_store
from tests.bench.reading import compare_employees, page_paths

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench


async def take(bench: Workbench) -> dict[str, Any]:
    store = await open_read_store(bench)
    return await compare_employees(bench, page_paths(store, "fields=*&size=50&count=none"))
