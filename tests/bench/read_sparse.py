"""Pages/s of 50 documents with 8 fields each over HTTP ÷ the same without the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench.read_store import open_read_store
from tests.bench.reading import compare_reads, page_paths

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench

FIELDS = (
    *("name", "customer", "posting_date", "due_date"),
    *("status", "grand_total", "docstatus", "modified"),
)


async def take(bench: Workbench) -> dict[str, Any]:
    store = await open_read_store(bench)
    paths = page_paths(store, f"fields={','.join(FIELDS)}&size=50&count=none")
    return await compare_reads(bench, paths, fields=FIELDS)
