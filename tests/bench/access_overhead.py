"""Time of a page with a compiled filter ÷ time of the same page without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench.read_client import HttpReader
from tests.bench.read_store import open_read_store
from tests.bench.reading import compare_readers, page_paths

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench


async def take(bench: Workbench) -> dict[str, Any]:
    store = await open_read_store(bench)
    paths = page_paths(store, "fields=*&size=50&count=none")
    tokens = {"filtered": store.token, "unfiltered": store.unrestricted_token}
    readers = {name: HttpReader(store.url, token, paths) for name, token in tokens.items()}
    return await compare_readers(bench, readers)
