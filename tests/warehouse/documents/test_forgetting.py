"""Forgetting erases a document everywhere: live, among the tombstones, among the rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.documents.control import RejectedDocument
from warehouse.documents.database import init_documents
from warehouse.documents.forgetting import Erased, forget
from warehouse.documents.rejected import keep_rejected
from warehouse.documents.tombstones import tombstones

if TYPE_CHECKING:
    from tests.ingesting import Ingester

NAME = "FMR-00007"


async def test_every_copy_is_erased_and_nothing_else(ingester: Ingester):
    await ingester.run("Farmer", "Customer")
    # A tombstone of an earlier bearer of the name, a live copy, and a change that was rejected.
    ingester.delete("Farmer", NAME, "FMR-00008")
    ingester.insert("Farmer", {"name": NAME})
    await ingester.run("Farmer")
    ingester.edit("Farmer", NAME, village=2**70)
    await ingester.run("Farmer")
    ingester.insert("Customer", {"name": NAME})
    await ingester.run("Customer")
    before = await ingester.read_store()
    assert await forget("site", "Farmer", NAME) == Erased(live=1, tombstones=1, rejected=1)
    after = await ingester.read_store()
    assert before.keys() - after.keys() == {("Farmer", NAME)}
    assert list(await ingester.buried()) == ["FMR-00008"]
    assert await RejectedDocument.find_all().to_list() == []
    assert (await forget("site", "Farmer", NAME)).total == 0


async def test_another_instance_keeps_its_rejected_copy(ingester: Ingester):
    ingester.edit("Farmer", NAME, village=2**70)
    await ingester.run("Farmer")
    record = await RejectedDocument.find_one({"name": NAME})
    assert record
    await keep_rejected(record.model_copy(update={"instance": "other"}))
    assert await forget("site", "Farmer", NAME) == Erased(live=0, tombstones=0, rejected=1)
    (left,) = await RejectedDocument.find_all().to_list()
    assert left.instance == "other"


async def test_every_tombstone_of_the_name_is_erased(ingester: Ingester):
    for _ in range(2):
        ingester.insert("Farmer", {"name": "again"})
        await ingester.run("Farmer")
        ingester.delete("Farmer", "again")
        await ingester.run("Farmer")
    assert (await forget("site", "Farmer", "again")).tombstones == 2
    assert await tombstones("site").count_documents({}) == 0


async def test_older_copies_that_a_takeover_kept_aside_are_erased_too(ingester: Ingester):
    await ingester.stored.drop()
    names = ("Mill (old)", "Mill", "Mill.")
    rows = [{"doctype": "Customer", "document_data": {"name": name}} for name in names]
    await ingester.stored.insert_many([row | {"run": run} for row in rows for run in range(3)])
    await init_documents(ingester.database, ["site"])
    assert await forget("site", "Customer", "Mill") == Erased(live=1, tombstones=0, rejected=2)
    left = await RejectedDocument.find_all().sort("name").to_list()
    assert [record.name.rpartition(" ")[0] for record in left] == ["Mill (old)"] * 2 + ["Mill."] * 2


async def test_what_the_erp_still_has_comes_back_with_the_next_run(ingester: Ingester):
    await ingester.run("Farmer")
    await forget("site", "Farmer", NAME)
    assert (await ingester.report("Farmer")).new == 1
    await ingester.assert_equal("Farmer")
