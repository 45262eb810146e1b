"""What the read figures read: many documents of about 14 kB, and the API that serves them.

A small site is ingested; its invoices are then stored again and again under other names.
"""

from __future__ import annotations

import copy
import random
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bson
from pymongo import AsyncMongoClient

from demo.books import Mix
from demo.site.process import SiteProcess
from tests.api.serving import ApiProcess, variables_of
from tests.bench.employees import RESTRICTED, UNRESTRICTED, employ
from tests.bench.engine import run_once, settings_of
from tests.bench.workbench import INSTANCE
from warehouse.documents.database import init_documents
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.workbench import Workbench

DOCTYPE = "Sales Invoice"
DATABASE = "bench-read"
ORIGINALS = 200
SMALLEST_BYTES = 12_000  # so that they are 14 kB on average
COPIES_PER_SITE_DOCUMENT = 6
BATCH = 500
SAMPLES = 300


@dataclass(frozen=True)
class ReadStore:
    """Where to read, as whom, and samples of what is there.

    `condition`: the filter of the restricted employee, whose token is `token`.
    """

    mongodb_uri: str
    url: str
    documents: int
    names: list[str]
    moments: list[str]
    condition: dict[str, Any]
    token: str
    unrestricted_token: str


async def open_read_store(bench: Workbench) -> ReadStore:
    """Return the store of all read figures, filled by the first that asks; gone with the bench."""
    store: ReadStore = await bench.once("read_store", lambda: _fill(bench))
    return store


async def _fill(bench: Workbench) -> ReadStore:
    number = COPIES_PER_SITE_DOCUMENT * bench.sizes.documents
    bench.say(f"  storing {number:,} documents")
    async with AsyncMongoClient(bench.mongodb_uri, tz_aware=True) as client:
        await init_documents(client[DATABASE], [INSTANCE])
        with SiteProcess(documents=ORIGINALS, mix=Mix.INVOICES) as site:
            await run_once(settings_of(site))
            condition = await employ(settings_of(site), DOCTYPE)
        collection = raw_model(INSTANCE).get_pymongo_collection()
        stored = await collection.find({"doctype": DOCTYPE}).to_list()
        originals = [row for row in stored if len(bson.encode(row)) >= SMALLEST_BYTES]
        rows = list(_copies(originals, number))
        for start in range(0, number, BATCH):
            await collection.insert_many(copy.deepcopy(rows[start : start + BATCH]), ordered=False)
        documents = await collection.count_documents({"doctype": DOCTYPE})
    chosen = random.Random(1).sample(rows, SAMPLES)  # noqa: S311 no secret
    folder = Path(bench.exits.enter_context(tempfile.TemporaryDirectory(prefix="csa-bench-api-")))
    variables = variables_of(INSTANCE)
    api = bench.exits.enter_context(ApiProcess(folder, bench.mongodb_uri, DATABASE, variables))
    return ReadStore(
        mongodb_uri=bench.mongodb_uri,
        url=api.url,
        documents=documents,
        names=[row["name"] for row in chosen],
        moments=[row["erp_modified"] for row in chosen],
        condition=condition,
        token=api.put_account("restricted", links={INSTANCE: RESTRICTED}),
        unrestricted_token=api.put_account("unrestricted", links={INSTANCE: UNRESTRICTED}),
    )


def _copies(originals: list[dict[str, Any]], number: int) -> Iterator[dict[str, Any]]:
    first = datetime(2025, 4, 1)  # noqa: DTZ001 the site's own time
    for index in range(number):
        original = originals[index % len(originals)]
        name, modified = f"COPY-{index:06}", str(first + timedelta(seconds=index * 61.5))
        document = {**original["document_data"], "name": name, "modified": modified}
        document["posting_date"] = modified[:10]
        own = {key: value for key, value in original.items() if key != "_id"}
        yield {**own, "name": name, "erp_modified": modified, "document_data": document}
