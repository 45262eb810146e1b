"""`csa transform`: the datasets, from the command line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pymongo import AsyncMongoClient

from warehouse.documents.datasets import read_pointer
from warehouse.ingestion.lease import hold_lease
from warehouse.transform.run import LEASE

if TYPE_CHECKING:
    from tests.commanding import Csa
    from tests.ingesting import Ingester


async def test_an_unknown_dataset_is_refused_naming_the_nearest(csa: Csa):
    finished = await asyncio.to_thread(csa.run, "transform", "sale_lines")
    assert finished.code == 1
    assert "Did you mean sales_lines" in finished.stderr


async def test_what_was_ingested_is_built_once_and_shown(csa: Csa, ingester: Ingester):
    await ingester.run()
    finished = await asyncio.to_thread(csa.run, "transform", "sales_lines", "--json")
    assert finished.code == 0, finished.stderr
    said = finished.json["datasets"]["sales_lines"]
    assert said["rows"] > 100
    assert said["built"] == len(said["partitions"]) > 1
    assert {one["state"] for one in said["partitions"]} == {"live"}
    pointer = await read_pointer("sales_lines")
    assert said["rows"] == sum(one.rows for one in pointer.live)
    again = await asyncio.to_thread(csa.run, "transform", "sales_lines")
    assert f"0 partitions built, {said['built']} up to date" in again.stdout
    full = await asyncio.to_thread(csa.run, "transform", "sales_lines", "--full")
    assert f"{said['built']} partitions built, 0 up to date" in full.stdout


async def test_status_shows_datasets_with_their_rows_and_checks(csa: Csa, ingester: Ingester):
    await ingester.run()
    await asyncio.to_thread(csa.run, "transform", "sales_lines")
    finished = await asyncio.to_thread(csa.run, "status")
    [line] = [line for line in finished.stdout.splitlines() if "sales_lines" in line]
    pointer = await read_pointer("sales_lines")
    rows = sum(one.rows for one in pointer.live)
    rejected = sum(one.rejected for one in pointer.live)
    assert rejected > 0
    assert line.split()[1:4] == [f"{rows:,}", f"{rejected:,}", str(len(pointer.live))]
    as_json = await asyncio.to_thread(csa.run, "status", "--json")
    shown = {one["slug"]: one for one in as_json.json["datasets"]}
    assert shown["sales_lines"]["rows"] == rows
    assert shown["sales_lines"]["failures"] == {}
    assert shown["sales_lines"]["built_at"]


async def test_another_transform_is_named_with_an_exit_code_of_its_own(csa: Csa):
    async with hold_lease(LEASE, "transform"):
        finished = await asyncio.to_thread(csa.run, "transform")
    assert finished.code == 5
    assert "csa transform is being worked on" in finished.stderr


async def test_the_rows_lie_in_the_business_database(csa: Csa, ingester: Ingester):
    await ingester.run()
    await asyncio.to_thread(csa.run, "transform", "sales_lines")
    async with AsyncMongoClient(csa.uri) as client:
        names = await client[f"{csa.database}-business"].list_collection_names()
    assert "sales_lines" in names
