"""What random walks have found, told step by step."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from tests.model.walk import Walk, accepting
from tests.model.warehouse import EVERYTHING
from tests.model.wire import THERE, WRITE, Gate, Moment

pytestmark = pytest.mark.usefixtures("store")

DICE = Random(0)  # noqa: S311 quiet runs throw none
FARMER = "Farmer"
A, B, C = "FMR-00001", "FMR-00002", "FMR-00004"


@pytest.fixture
async def walk() -> Walk:
    """A store that is equal to its site."""
    walk = Walk()
    await walk.warehouse.wipe()
    await walk.ingest(DICE)
    return walk


async def test_a_deletion_after_the_feeds_were_read_is_told_from_a_loss(walk: Walk):
    moment = Moment(THERE, 1, "inventory", FARMER)
    await walk.warehouse.run(
        EVERYTHING, Gate([(moment, lambda _gate: walk.site.delete(FARMER, A, trace=True))])
    )
    await walk.examiner.examine()
    await walk.reconcile(DICE)
    ((grave,),) = (await walk.warehouse.read_tombstones()).values()
    assert grave["reason"] == "deleted"


async def test_a_document_under_a_name_that_only_its_pull_shows_to_be_anothers_is_buried(
    walk: Walk,
):
    """Two large DocTypes' documents exchange names without a word; one is saved, and so pulled."""
    for old, new in ((A, "aside"), (B, A), ("aside", B)):
        walk.site.rename(FARMER, old, new, comment=False)
    moment = Moment(THERE, 1, "page", FARMER)
    gate = Gate([(moment, lambda _gate: walk.site.rename(FARMER, C, "gone", comment=False))])
    walk.site.do("edit", doctype=FARMER, name=C, values={"village": "1"}, modified="now")
    gate.acts.append((moment, lambda _gate: walk.site.rename(FARMER, A, C, comment=False)))
    await walk.warehouse.run(gate=gate)
    await walk.examiner.examine()
    await walk.reconcile(DICE)


async def test_the_second_half_of_an_exchange_of_names_is_a_rename_too(walk: Walk):
    for old, new in ((A, "aside"), (B, A), ("aside", B)):
        walk.site.rename(FARMER, old, new, comment=False)
    walk.site.do("edit", doctype=FARMER, name=A, values={"village": "1"}, modified="now")
    await walk.ingest(DICE)
    await walk.reconcile(DICE)


async def test_a_burial_that_was_slept_through_is_not_done_twice(walk: Walk):
    walk.site.rename(FARMER, A, "elsewhere", comment=True)
    gate = Gate([(Moment(WRITE, 1, "bulk_write", "erp_site_deleted"), Gate.stop)])
    assert await walk.warehouse.run_until_stopped(None, gate) is None
    await walk.ingest(DICE)
    await walk.warehouse.revive()
    await walk.reconcile(DICE)


async def test_a_burial_that_was_broken_off_is_undone_when_the_document_is_back(walk: Walk):
    walk.site.rename(FARMER, A, "elsewhere", comment=True)
    gate = Gate([(Moment(WRITE, 1, "bulk_write", "erp_site"), Gate.stop)])
    assert await walk.warehouse.run_until_stopped(None, gate) is None
    walk.site.rename(FARMER, "elsewhere", A, comment=True)
    await walk.ingest(DICE)
    await walk.warehouse.bury_stopped()
    await walk.reconcile(DICE)


async def test_a_hidden_document_is_kept_though_a_feed_tells_of_its_names_last_bearer(walk: Walk):
    for old, new in ((A, "aside"), (B, A), ("aside", B)):
        walk.site.rename(FARMER, old, new, comment=True)
    await walk.ingest(DICE)
    walk.site.hide(FARMER, A)
    await walk.ingest(DICE)
    await walk.reconcile(DICE)


async def test_a_burial_that_was_slept_through_removes_nothing_without_a_tombstone(walk: Walk):
    """The holder slept with the tombstone made; the next one does not see that anything left."""
    walk.site.rename(FARMER, A, "elsewhere", comment=False)
    gate = Gate([(Moment(WRITE, 1, "bulk_write", "erp_site"), Gate.stop)])
    assert await walk.warehouse.run_until_stopped(EVERYTHING, gate) is None
    await walk.ingest(DICE)
    await walk.warehouse.revive()
    await walk.examiner.examine()
    await walk.reconcile(DICE)


async def test_names_exchanged_by_documents_of_one_modified_mix_nothing(walk: Walk):
    moment = Moment(THERE, 1, "children", FARMER)

    def swap(_gate: Gate) -> None:
        for old, new in ((A, "aside"), (B, A), ("aside", B)):
            walk.site.rename(FARMER, old, new, comment=True)

    for name in (A, B):
        values = {"village": name, "crops": [{"season": name}]}
        stamp = walk.site.clock.site_text(timedelta())
        walk.site.do("edit", doctype=FARMER, name=name, values=values, modified=stamp)
    await walk.warehouse.run(gate=Gate([(moment, swap)]))
    await walk.examiner.examine()
    await walk.reconcile(DICE)


async def test_a_return_that_was_broken_off_before_the_document_was_stored_is_no_return(
    walk: Walk,
):
    row = walk.site.find(FARMER, A)
    walk.site.hide(FARMER, A)
    await walk.warehouse.run(accepting(FARMER))
    walk.site.show_all()
    gate = Gate([(Moment(WRITE, 1, "insert_many", "erp_site"), Gate.stop)])
    await walk.warehouse.run_until_stopped(EVERYTHING, gate)
    await walk.warehouse.bury_stopped()
    walk.site.delete(FARMER, A, trace=True)
    await walk.reconcile(DICE)
    ((grave,),) = (await walk.warehouse.read_tombstones()).values()
    assert (grave["name"], grave["erp_creation"]) == (A, row["creation"])
    assert grave["restored_at"] is None


async def test_who_is_renamed_while_it_is_looked_for_is_known_by_its_last_name(walk: Walk):
    row = walk.site.find(FARMER, A)
    for old, new in ((A, "aside"), (B, A), ("aside", B)):
        walk.site.rename(FARMER, old, new, comment=False)
    moment = Moment(THERE, 1, "look", FARMER)
    moves_on = (moment, lambda _gate: walk.site.rename(FARMER, B, "elsewhere", comment=False))
    await walk.warehouse.run(EVERYTHING, Gate([moves_on]))
    await walk.examiner.examine()
    await walk.reconcile(DICE)
    graves = (await walk.warehouse.read_tombstones())[FARMER, A, row["creation"]]
    assert [(grave["reason"], grave["renamed_to"]) for grave in graves] == [
        ("renamed", "elsewhere")
    ]
