"""Collections of earlier scripts (`_id, doctype, document_data`) become the warehouse's own."""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from warehouse.documents import takeover
from warehouse.documents.control import Outcome, RejectedDocument
from warehouse.documents.database import init_documents
from warehouse.documents.takeover import take_over

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.asynchronous.database import AsyncDatabase

    from tests.ingesting import Ingester

OLD, NEW, NEWEST = "2026-05-01 10:00:00", "2026-06-01 10:00:00.5", "2026-06-01 10:00:00.6"


def row(doctype: Any, name: Any, modified: str | None = OLD, **more: Any) -> dict[str, Any]:
    """Return a row as the earlier scripts wrote it."""
    data = {"name": name, "modified": modified, "creation": OLD, "owner": "Asha@CSA.example"}
    return {"doctype": doctype, "document_data": {**data, **more}}


@pytest.fixture
async def collection(database: AsyncDatabase[dict[str, Any]]) -> AsyncCollection[dict[str, Any]]:
    """A collection without our indexes, and control collections beside it."""
    await init_documents(database, [])
    await database["erp_site"].drop()
    return database["erp_site"]


async def rows_of(collection: AsyncCollection[dict[str, Any]]) -> dict[tuple[str, str], Any]:
    rows = await collection.find().to_list()
    assert len({(row["doctype"], row["name"]) for row in rows}) == len(rows)
    return {(row["doctype"], row["name"]): row for row in rows}


async def rejected() -> dict[str, RejectedDocument]:
    return {record.name: record for record in await RejectedDocument.find_all().to_list()}


async def test_missing_fields_are_filled_from_the_document(
    collection: AsyncCollection[dict[str, Any]],
):
    given = row("Farmer", "FMR-1", village="Kosgi")
    await collection.insert_one(given)
    assert await take_over(collection.database, "site") == 1
    taken = await collection.find_one({})
    assert taken == given | {
        "name": "FMR-1",
        "erp_modified": None,
        "erp_creation": OLD,
        "owner_lc": "asha@csa.example",
        "content_hash": "",
        "synced_at": datetime(1970, 1, 1, tzinfo=UTC),
        "run_id": "",
    }


async def test_integer_names_become_strings(collection: AsyncCollection[dict[str, Any]]):
    await collection.insert_many([row("Visit", 7), row("Visit", 2**40)])
    await take_over(collection.database, "site")
    assert set(await rows_of(collection)) == {("Visit", "7"), ("Visit", f"{2**40}")}


async def test_of_duplicates_the_newest_stays_and_the_others_are_kept_aside(
    collection: AsyncCollection[dict[str, Any]],
):
    copies = [
        row("Farmer", "FMR-1", modified, village=modified) for modified in (OLD, NEWEST, None, NEW)
    ]
    others = [row("Customer", "FMR-1"), row("Visit", 7, OLD), row("Visit", "7", NEW)]
    ids = (await collection.insert_many([*copies, *others])).inserted_ids
    await take_over(collection.database, "site")
    stored = await rows_of(collection)
    assert set(stored) == {("Farmer", "FMR-1"), ("Customer", "FMR-1"), ("Visit", "7")}
    assert stored["Farmer", "FMR-1"]["_id"] == ids[1]
    assert stored["Visit", "7"]["_id"] == ids[6]
    records = await rejected()
    kept = [("FMR-1", ids[0]), ("FMR-1", ids[2]), ("FMR-1", ids[3]), (7, ids[5])]
    assert set(records) == {f"{name} ({identity})" for name, identity in kept}
    assert {record.code for record in records.values()} == {"superseded"}
    oldest = records[f"FMR-1 ({ids[0]})"]
    assert oldest.raw
    assert json.loads(zlib.decompress(oldest.raw)) == copies[0]["document_data"]
    assert (oldest.instance, oldest.doctype) == ("site", "Farmer")


async def test_rows_that_nothing_could_find_again_are_kept_aside(
    collection: AsyncCollection[dict[str, Any]],
):
    nameless = {"doctype": "Farmer", "document_data": {"village": "Kosgi"}}
    unusable = [
        nameless,
        {"doctype": "Farmer"},
        {"doctype": "Farmer", "document_data": None},
        {"document_data": {"name": "no doctype"}},
        row(None, "null doctype"),
        row("Farmer", None),
        row("Farmer", 1.5),
        row("Farmer", ["FMR-1"]),
        row("Farmer", ""),
        row("", "empty doctype"),
        row(["Farmer"], "FMR-1"),
        {"doctype": "Farmer", "document_data": [{"name": "FMR-1"}]},
        {"doctype": "Farmer", "document_data": "FMR-1"},
    ]
    await collection.insert_many([*unusable, row("Farmer", "FMR-1")])
    await take_over(collection.database, "site")
    assert set(await rows_of(collection)) == {("Farmer", "FMR-1")}
    records = (await rejected()).values()
    assert len(records) == len(unusable)
    assert {record.code for record in records} == {"unusable"}


async def test_what_the_policy_does_not_store_is_purged_without_a_copy(
    collection: AsyncCollection[dict[str, Any]],
):
    secrets = [
        row("User", "asha@csa.example", api_secret="s3cret"),
        row("OAuth Bearer Token", "t"),
        row("Email Account", "e", password="s3cret"),
        row("System Settings", "System Settings"),
    ]
    await collection.insert_many([*secrets, row("Farmer", "FMR-1")])
    await take_over(collection.database, "site")
    assert set(await rows_of(collection)) == {("Farmer", "FMR-1")}
    assert await rejected() == {}


async def test_a_custom_doctype_that_bears_the_name_of_none_of_frappes_stays(
    collection: AsyncCollection[dict[str, Any]],
):
    await collection.insert_one(row("Seed Bank", "S-1"))
    await take_over(collection.database, "site")
    assert set(await rows_of(collection)) == {("Seed Bank", "S-1")}


async def test_the_unique_index_is_made_afterwards(collection: AsyncCollection[dict[str, Any]]):
    await collection.insert_many([row("Farmer", "FMR-1", OLD), row("Farmer", "FMR-1", NEW)])
    await init_documents(collection.database, ["site"])
    (stored,) = await collection.find().to_list()
    with pytest.raises(DuplicateKeyError):
        await collection.insert_one({**stored, "_id": ObjectId()})


async def test_a_collection_of_our_own_is_left_alone(ingester: Ingester):
    await ingester.run("Farmer")
    before = await ingester.stored.find().sort("_id").to_list()
    assert await take_over(ingester.database, "site") == 0
    assert await ingester.stored.find().sort("_id").to_list() == before


@pytest.mark.parametrize("killed_in", ["_purge", "_reject_unusable", "_supersede", "_batches"])
async def test_a_takeover_that_was_killed_goes_on(
    collection: AsyncCollection[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, killed_in: str
):
    rows = [row("Farmer", f"FMR-{number}") for number in range(25)]
    copies = [row("Farmer", f"FMR-{number}", NEW, village="newer") for number in range(5)]
    await collection.insert_many([*rows, *copies, row("User", "asha"), row(None, "nobody")])
    with monkeypatch.context() as patch:
        patch.setattr(takeover, "BATCH_ROWS", 10)
        kill_in(patch, killed_in)
        with pytest.raises(KilledError):
            await init_documents(collection.database, ["site"])
    await init_documents(collection.database, ["site"])
    stored = await rows_of(collection)
    assert set(stored) == {("Farmer", f"FMR-{number}") for number in range(25)}
    assert {row["content_hash"] for row in stored.values()} == {""}
    newer = [name for (_, name), row in stored.items() if "village" in row["document_data"]]
    assert len(newer) == 5
    records = await rejected()
    assert sorted(record.code for record in records.values()) == ["superseded"] * 5 + ["unusable"]


class KilledError(Exception):
    """Stands for SIGKILL."""


def kill_in(patch: pytest.MonkeyPatch, step: str) -> None:
    """Let the takeover end in the middle of a step: after its work, or one batch of it."""
    done = getattr(takeover, step)

    async def work(*arguments: Any) -> None:
        await done(*arguments)
        raise KilledError

    async def batches(*arguments: Any) -> Any:
        number = 0
        async for batch in done(*arguments):
            number += 1
            if number > 1:
                raise KilledError
            yield batch

    patch.setattr(takeover, step, batches if step == "_batches" else work)


async def test_everything_taken_over_is_read_again_by_the_next_run(ingester: Ingester):
    there = await ingester.read_site("Farmer", "Customer")
    await ingester.stored.drop()
    old = [
        {"doctype": doctype, "document_data": document | {"stale": "value"}}
        for (doctype, _), document in there.items()
    ]
    gone = row("Farmer", "long gone")
    await ingester.stored.insert_many([*old, gone])
    await init_documents(ingester.database, ["site"])
    run = await ingester.run("Farmer", "Customer")
    assert run.outcome is Outcome.COMPLETED
    assert (run.totals.new, run.totals.changed, run.totals.deleted) == (0, len(there), 1)
    await ingester.assert_equal("Farmer", "Customer")
    assert list(await ingester.buried()) == ["long gone"]
    again = await ingester.run("Farmer", "Customer")
    assert (again.totals.changed, again.totals.new) == (0, 0)


@pytest.mark.parametrize("inventory_rows", [20_000, 15], ids=["small", "large"])
async def test_what_was_kept_aside_is_not_asked_of_the_erp_and_stays(
    ingester: Ingester, inventory_rows: int
):
    ingester.inventory_rows = inventory_rows
    await ingester.stored.drop()
    copies = [row("Farmer", "FMR-00001"), row("Farmer", "FMR-00001", NEW), row("Farmer", None)]
    await ingester.stored.insert_many(copies)
    await init_documents(ingester.database, ["site"])
    before = await rejected()
    assert len(before) == 2
    for _ in range(2):
        report = await ingester.report("Farmer")
        assert (report.vanished, report.rejected) == (0, 0)
    assert await rejected() == before
    await ingester.assert_equal("Farmer")
