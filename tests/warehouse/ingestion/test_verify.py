"""Verification finds every kind of difference and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sample_books import count_sample
from warehouse.documents.control import RejectedDocument, SyncState
from warehouse.documents.tombstones import tombstones
from warehouse.ingestion.run import Limits, open_look
from warehouse.ingestion.task import Selection
from warehouse.ingestion.verify import Difference, Verification, compare

if TYPE_CHECKING:
    from tests.ingesting import Ingester

FARMERS = count_sample("Farmer")


async def verify(ingester: Ingester, *doctypes: str, sample: int = 5) -> Verification:
    limits = Limits(inventory_rows=ingester.inventory_rows)
    async with open_look(ingester.erp, limits, ingester.surroundings) as run:
        return await compare(run, Selection(frozenset(doctypes)), sample)


async def differences(ingester: Ingester, doctype: str = "Farmer", **options: int) -> Difference:
    result = await verify(ingester, doctype, **options)
    (difference,) = result.differences
    return difference


async def dump(ingester: Ingester) -> dict[str, list[dict[str, Any]]]:
    """Return whatever a verification could have changed."""
    collections = {
        "documents": ingester.stored,
        "tombstones": tombstones("site"),
        "rejected": RejectedDocument.get_pymongo_collection(),
        "states": SyncState.get_pymongo_collection(),
    }
    return {
        name: await collection.find().sort("_id").to_list()
        for name, collection in collections.items()
    }


async def test_a_store_that_equals_its_erp_is_said_to(ingester: Ingester):
    run = await ingester.run()
    result = await verify(ingester)
    assert result.differences == []
    assert result.documents == run.totals.new
    assert 0 < result.sampled <= 5 * result.doctypes
    assert result.unreadable == []


@pytest.mark.parametrize("inventory_rows", [20_000, 10], ids=["small", "large"])
async def test_every_kind_of_difference_is_found_and_nothing_is_changed(
    ingester: Ingester, inventory_rows: int
):
    ingester.inventory_rows = inventory_rows
    await ingester.run("Farmer", "Customer")
    ingester.insert("Farmer", {"name": "missing"})
    ingester.delete("Farmer", "FMR-00001")
    ingester.rename("Farmer", "FMR-00002", "renamed")
    ingester.edit("Farmer", "FMR-00004", village="outdated")
    ingester.edit("Farmer", "FMR-00005", modified=None, creation="2020-01-01 00:00:00")
    ingester.edit("Farmer", "FMR-00007", modified=None, village="different")
    # A child row alone.
    ingester.edit("Farmer", "FMR-00008", modified=None, crops=[{"season": "Zaid"}])
    before = await dump(ingester)
    result = await verify(ingester, "Farmer", "Customer", sample=100)
    (found,) = result.differences
    assert found.doctype == "Farmer"
    assert found.missing == ["missing", "renamed"]
    assert found.extra == ["FMR-00001", "FMR-00002"]
    assert found.outdated == ["FMR-00004", "FMR-00005"]
    assert set(found.different) >= {"FMR-00004", "FMR-00005", "FMR-00007", "FMR-00008"}
    assert (found.in_erp, found.stored, found.sampled) == (FARMERS, FARMERS, FARMERS - 2)
    assert await dump(ingester) == before
    # And the next run follows what the verification has seen before it. A new creation is a new
    # document under the same name.
    run = await ingester.reconcile("Farmer")
    assert (run.totals.deleted, run.totals.renamed) == (2, 1)
    assert (await verify(ingester, "Farmer", sample=100)).differences == []


async def test_a_silent_change_is_found_in_the_sample_only(ingester: Ingester):
    await ingester.run("Farmer")
    ingester.edit("Farmer", "FMR-00007", modified=None, village="different")
    assert (await verify(ingester, "Farmer", sample=0)).differences == []
    assert (await differences(ingester, sample=FARMERS)).different == ["FMR-00007"]


async def test_renames_of_what_others_link_to_change_nothing_either(ingester: Ingester):
    ingester.options = {"include": ("Customer", "Farmer")}
    ingester.insert("Customer", {"name": "Old Mill"})
    ingester.insert("Farmer", {"name": "linking", "customer": "Old Mill"})
    await ingester.run()
    ingester.rename("Customer", "Old Mill", "New Mill")
    before = await dump(ingester)
    result = await verify(ingester, sample=100)
    assert [each.doctype for each in result.differences] == ["Customer", "Farmer"]
    assert await dump(ingester) == before
    await ingester.run()
    await ingester.assert_equal("Customer", "Farmer")


async def test_a_store_damaged_by_hand_is_found_out(ingester: Ingester):
    await ingester.run("Farmer")
    await ingester.stored.delete_one({"name": "FMR-00001"})
    await ingester.stored.update_one(
        {"name": "FMR-00002"}, {"$set": {"content_hash": "0" * 32, "erp_modified": "x"}}
    )
    found = await differences(ingester, sample=FARMERS)
    assert (found.missing, found.outdated) == (["FMR-00001"], ["FMR-00002"])
    assert found.different == ["FMR-00002"]


async def test_rejected_documents_are_counted_and_not_missing(ingester: Ingester):
    ingester.edit("Farmer", "FMR-00001", village=2**70)
    await ingester.run("Farmer")
    assert (await verify(ingester, "Farmer")).differences == []
    ingester.insert("Farmer", {"name": "missing"})
    found = await differences(ingester)
    assert (found.rejected, found.missing) == (1, ["missing"])


async def test_singles_are_compared(ingester: Ingester):
    await ingester.run("Farmer Settings")
    assert (await verify(ingester, "Farmer Settings")).differences == []
    ingester.edit("Farmer Settings", "Farmer Settings", modified=None, bonus_percent=99.5)
    assert (await differences(ingester, "Farmer Settings")).different == ["Farmer Settings"]


async def test_a_document_that_goes_meanwhile_hides_no_other_difference(ingester: Ingester):
    await ingester.run("Farmer")
    ingester.insert("Farmer", {"name": "missing"})
    match = {"kind": "read", "doctype": "Farmer", "contains": "FMR-00001"}
    ingester.site.control.fault("status", match=match, status=404, exc_type="DoesNotExistError")
    found = await differences(ingester, sample=FARMERS)
    assert (found.missing, found.different) == (["missing"], [])


async def test_what_the_key_may_not_read_is_named(ingester: Ingester):
    await ingester.run("Farmer", "Customer")
    ingester.site.control.do("refuse", doctype="Farmer")
    result = await verify(ingester, "Farmer", "Customer")
    assert (result.unreadable, result.differences) == (["Farmer"], [])


async def test_no_more_than_twenty_names_are_listed(ingester: Ingester):
    await ingester.run("Farmer")
    ingester.delete("Farmer", *(name for _, name in await ingester.read_store("Farmer")))
    found = await differences(ingester)
    assert (found.in_erp, found.stored, len(found.extra)) == (0, FARMERS, 20)
