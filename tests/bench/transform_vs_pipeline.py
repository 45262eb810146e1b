"""Seconds of the engine ÷ seconds of the rule's bare pipeline, written and run by hand.

The bare one goes over all months at once into a collection with the same indexes; it judges no
access, counts and checks nothing, and readers would see it half done.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from tests.bench.transform_store import SLUG, TransformStore, open_store
from tests.bench.workbench import INSTANCE
from warehouse.datasets.scope import shape
from warehouse.documents.business import init_business
from warehouse.documents.raw import raw_model
from warehouse.transform.feeding import row_key

if TYPE_CHECKING:
    from tests.bench.workbench import Workbench
    from warehouse.datasets.declaration import Dataset, Feed, Source

BARE = "bare"
UNDATED = "date_missing"


async def take(bench: Workbench) -> dict[str, Any]:
    engine_s: list[float] = []
    bare_s: list[float] = []
    rows = 0
    async with open_store(bench) as store:
        for number in range(1, bench.sizes.rounds + 1):
            await store.forget_builds()
            report, seconds = await store.build()
            engine_s.append(seconds)
            rows = report.rows
            bare_s.append(await _run_bare(store, rows))
            bench.say(f"  {number}: engine {seconds:.2f} s, bare {bare_s[-1]:.2f} s, {rows} rows")
    ratio = statistics.median(ours / bare for ours, bare in zip(engine_s, bare_s, strict=True))
    return {
        "ratio": round(ratio, 3),
        "rounds": bench.sizes.rounds,
        "documents": bench.sizes.documents,
        "rows": rows,
        "engine_s": [round(seconds, 3) for seconds in engine_s],
        "bare_s": [round(seconds, 3) for seconds in bare_s],
    }


async def _run_bare(store: TransformStore, rows: int) -> float:
    await store.business[BARE].drop()
    await init_business(store.business, [BARE])
    async with store.transform() as transform:
        dataset = transform.terms.registry.get(SLUG)
        await transform._read_upstream(dataset)
        scope = await transform._scope(dataset, INSTANCE)
        pipelines = [_pipeline(store, dataset, feed) for feed in dataset.build(scope)]
    started = time.perf_counter()
    for pipeline in pipelines:
        cursor = await raw_model(INSTANCE).get_pymongo_collection().aggregate(pipeline)
        await cursor.to_list()
    seconds = time.perf_counter() - started
    good = {"rejected": {"$exists": False}}
    stored = await store.business[BARE].count_documents(good)
    if stored != rows:
        raise RuntimeError(f"the bare pipeline stored {stored} rows, the engine {rows}")
    return seconds


def _pipeline(store: TransformStore, dataset: Dataset, feed: Feed) -> list[dict[str, Any]]:
    source: Source = next(one for one in dataset.doctypes if one.doctype == feed.of)
    # All months at once are of no month, which a rule takes for that of undated documents.
    reasons = [one for one in feed.rejects if one.code != UNDATED]
    rejects = [{"case": one.when, "then": one.code} for one in reasons]
    why = {"$switch": {"branches": rejects, "default": "$$REMOVE"}}
    month = {"$substrCP": ["$posting_date", 0, 7]}
    engine = {"instance": INSTANCE, "month": month, "build_id": BARE, "rejected": why}
    into = {"db": store.business.name, "coll": BARE}
    return [
        {"$match": {"doctype": feed.of}},
        *shape(source),
        *feed.stages,
        {"$replaceWith": {**feed.row, **engine}},
        {"$set": {"row": row_key(dataset)}},
        {
            "$merge": {
                "into": into,
                "on": ["build_id", "row"],
                "whenMatched": "fail",
                "whenNotMatched": "insert",
            }
        },
    ]
