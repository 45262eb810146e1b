"""What the read figures share: send the clients off, and put together what they bring."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.bench.read_client import CLIENTS, HttpReader
from tests.bench.read_store import DOCTYPE, ReadStore, open_read_store
from tests.bench.workbench import INSTANCE

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench

ROUND_S = 3.0
QUICK_ROUND_S = 0.3
REPEATS = 300
QUICK_REPEATS = 30
BASE = f"/api/v1/instances/{INSTANCE}/doctypes/{quote(DOCTYPE)}"


async def compare_reads(
    bench: Workbench,
    paths: list[str],
    *,
    fields: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return requests/s of the API ÷ requests/s of the same reads without it.

    `names`: single documents are read; otherwise pages, whose documents have `fields`, or all.
    """
    store = await open_read_store(bench)
    tokens = {"api": store.token, "raw": None}
    return await _compare(bench, tokens, paths=paths, fields=fields, names=names)


async def compare_employees(bench: Workbench, paths: list[str]) -> dict[str, Any]:
    """Return the time of reads by the restricted employee ÷ that of the one who may see all."""
    store = await open_read_store(bench)
    tokens = {"unfiltered": store.unrestricted_token, "filtered": store.token}
    return await _compare(bench, tokens, paths=paths)


async def _compare(bench: Workbench, tokens: dict[str, str | None], **reads: Any) -> dict[str, Any]:
    """Return requests/s of the first side ÷ requests/s of the second, and both."""
    store = await open_read_store(bench)
    order = {
        "mongodb_uri": store.mongodb_uri,
        "url": store.url,
        "tokens": tokens,
        "moments": store.moments,
        "names": (),
        "fields": (),
        "condition": store.condition,
        "rounds": bench.sizes.rounds,
        "seconds": QUICK_ROUND_S if bench.sizes.rounds == 1 else ROUND_S,
    }
    rounds = await _send(order | reads)
    subject, baseline = tokens
    ratio = statistics.median(_per_s(one[subject]) / _per_s(one[baseline]) for one in rounds)
    return {
        "ratio": round(ratio, 3),
        "rounds": len(rounds),
        "clients": CLIENTS,
        "documents": store.documents,
        **{side: _describe([one[side] for one in rounds]) for side in tokens},
    }


async def compare_times(bench: Workbench, **paths: str) -> dict[str, Any]:
    """Return the median time of the first path ÷ that of the second, one request at a time."""
    store = await open_read_store(bench)
    readers = {name: HttpReader(store.url, store.token, [path]) for name, path in paths.items()}
    repeats = QUICK_REPEATS if bench.sizes.rounds == 1 else REPEATS
    times: dict[str, list[float]] = {name: [] for name in readers}
    for number in range(repeats):
        for name, reader in readers.items():
            started = time.perf_counter()
            await reader.read(number)
            times[name].append(time.perf_counter() - started)
    for reader in readers.values():
        reader.close()
    subject, baseline = (statistics.median(taken) for taken in times.values())
    return {
        "ratio": round(subject / baseline, 3),
        "rounds": repeats,
        "documents": store.documents,
        **{f"{name}_ms": round(statistics.median(one) * 1000, 3) for name, one in times.items()},
    }


def page_paths(store: ReadStore, query: str) -> list[str]:
    """Return paths of pages that begin at many moments."""
    moments = (quote(moment) for moment in store.moments)
    return [f"{BASE}/documents?modified__lt={moment}&{query}" for moment in moments]


async def _send(order: dict[str, Any]) -> list[dict[str, dict[str, float]]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.read_client",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    answer, _ = await process.communicate(json.dumps(order).encode())
    if process.returncode:
        raise RuntimeError(f"the clients ended with status {process.returncode}")
    rounds: list[dict[str, dict[str, float]]] = json.loads(answer)
    return rounds


def _per_s(taken: dict[str, float]) -> float:
    return taken["requests"] / taken["seconds"]


def _describe(taken: list[dict[str, float]]) -> dict[str, float]:
    middle = sorted(taken, key=_per_s)[(len(taken) - 1) // 2]
    return {
        "requests_per_s": round(_per_s(middle), 1),
        "mb_per_s": round(middle["bytes"] / middle["seconds"] / 1e6, 1),
        "bytes_per_request": round(middle["bytes"] / middle["requests"]),
    }
