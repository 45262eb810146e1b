"""`python -m tests.bench.ingest_process`: one ingest in a fresh process, for its time and memory.

Takes what it needs as JSON on stdin, since arguments can be read by everybody on the machine.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymongo import AsyncMongoClient

from tests.bench.engine import ingest_here, settings_of
from tests.bench.workbench import INSTANCE, Speed, Workbench
from warehouse.documents.database import init_documents
from warehouse.settings import ErpInstance

if TYPE_CHECKING:
    from demo.site.process import SiteProcess


@dataclass(frozen=True)
class ProcessRun:
    """What an ingest in a process of its own took."""

    documents: int
    seconds: float
    peak_mb: float


async def ingest_in_process(site: SiteProcess, bench: Workbench) -> ProcessRun:
    """Ingest the whole site into an empty datastore, in a fresh Python."""
    erp = settings_of(site)
    async with bench.database() as database:
        order = {
            "mongodb_uri": bench.mongodb_uri,
            "database": database.name,
            "url": erp.url,
            "key": site.key,
            "secret": site.secret,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench.ingest_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        answer, _ = await process.communicate(json.dumps(order).encode())
    if process.returncode:
        raise RuntimeError(f"the ingest ended with status {process.returncode}")
    return ProcessRun(**json.loads(answer))


async def _ingest(order: dict[str, Any]) -> Speed:
    erp = ErpInstance(
        instance=INSTANCE, url=order["url"], api_key=order["key"], api_secret=order["secret"]
    )
    async with AsyncMongoClient(order["mongodb_uri"], tz_aware=True) as client:
        await init_documents(client[order["database"]], [INSTANCE])
        return await ingest_here(erp)


def _read_peak_mb() -> float:
    """Return the most memory that this process held.

    Not ru_maxrss on Linux: it keeps the size of the parent that this process was forked from.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    speed = asyncio.run(_ingest(json.load(sys.stdin)))
    run = ProcessRun(speed.documents, speed.seconds, round(_read_peak_mb(), 1))
    json.dump(asdict(run), sys.stdout)
