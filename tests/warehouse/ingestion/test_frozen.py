"""A DocType out of sight (denied, excluded, gone) keeps its documents, marked with a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.ingesting import Ingester, report_of
from warehouse.documents.control import Outcome, Run
from warehouse.documents.standing import read_standing
from warehouse.documents.status import read_status
from warehouse.ingestion.task import Depth

NOW = datetime.now(UTC).replace(microsecond=0)
DAYS = [NOW + timedelta(days=number) for number in range(4)]


def take_sight(ingester: Ingester, how: str) -> None:
    """Put Farmer out of the warehouse's sight."""
    if how == "denied":
        ingester.site.control.do("refuse", doctype="Farmer")
    elif how == "excluded":
        ingester.options = {"include": ("Customer", "Farmer"), "exclude": ("Farm*",)}
    else:
        ingester.delete("DocType", "Farmer")


def give_sight(ingester: Ingester, how: str) -> None:
    if how == "denied":
        ingester.site.control.do("refuse", doctype="Farmer", refused=False)
    elif how == "excluded":
        ingester.options = {"include": ("Customer", "Farmer")}
    else:
        row = {"module": "Producers", "istable": 0, "issingle": 0, "is_virtual": 0, "custom": 1}
        ingester.site.control.do("describe", doctype="Farmer", values=row)


@pytest.mark.parametrize("how", ["denied", "excluded", "gone"])
async def test_what_is_out_of_sight_keeps_its_documents_and_the_day_it_went(
    ingester: Ingester, how: str
):
    ingester.options = {"include": ("Customer", "Farmer")}
    await ingester.run()
    before = await ingester.stored.find({"doctype": "Farmer"}).sort("_id").to_list()
    take_sight(ingester, how)
    for day in DAYS[1:3]:
        ingester.travel(day)
        run = await ingester.reconcile(accept_deletes=True)
        assert run.outcome is Outcome.COMPLETED
        assert (await ingester.state("Farmer")).frozen_at == DAYS[1]
        assert_told(run, how)
    assert await ingester.stored.find({"doctype": "Farmer"}).sort("_id").to_list() == before
    assert await ingester.buried() == {}
    (status,) = await read_status(["site"], DAYS[2])
    frozen = {line.doctype: line.frozen_at for line in status.doctypes}
    assert frozen == {"Customer": None, "Farmer": DAYS[1]}
    ingester.travel(DAYS[3])
    give_sight(ingester, how)
    assert not (await ingester.run()).blind_spots
    assert (await ingester.state("Farmer")).frozen_at is None
    assert (await read_standing("site")).whole_at == DAYS[3]
    await ingester.assert_equal("Customer", "Farmer")


def assert_told(run: Run, how: str) -> None:
    """Fail unless the run names what stands still and the cure; an operator excluded on purpose."""
    if how == "excluded":
        assert not run.blind_spots
        return
    (spot,) = run.blind_spots
    assert f"Farmer (since {DAYS[1]:%Y-%m-%d}). Nothing was removed" in spot.message
    assert "ERP__SITE__EXCLUDE" in spot.cure
    assert ("csa check --all" if how == "denied" else "csa forget") in spot.cure


async def test_what_stands_still_lets_the_store_grow_old_until_it_is_excluded(ingester: Ingester):
    ingester.options = {"include": ("Customer", "Farmer")}
    ingester.travel(DAYS[0])
    await ingester.run()
    take_sight(ingester, "denied")
    for day in DAYS[1:3]:
        ingester.travel(day)
        run = await ingester.run()
        standing = await read_standing("site")
        assert (standing.whole_at, standing.failure) == (DAYS[0], run.blind_spots[0])
    ingester.options["exclude"] = ("Farmer",)
    await ingester.run()
    assert (await read_standing("site")).whole_at == DAYS[2]


async def test_a_doctype_that_was_denied_from_the_first_is_nobodys_concern(ingester: Ingester):
    ingester.options = {"include": ("Customer", "Farmer")}
    take_sight(ingester, "denied")
    assert not (await ingester.run()).blind_spots


async def test_a_denied_doctype_says_which_role_is_missing_and_is_no_failure(ingester: Ingester):
    await ingester.run("Farmer", "Customer")
    take_sight(ingester, "denied")
    run = await ingester.run("Farmer", "Customer")
    report = report_of(run, "Farmer")
    assert (run.outcome, report.outcome) == (Outcome.COMPLETED, Outcome.DENIED)
    assert report.failure
    assert "role" in report.failure.cure


async def test_a_role_taken_away_in_the_middle_of_a_run_freezes_what_is_stored(
    ingester: Ingester,
):
    ingester.options = {"page_rows": 10}
    match = {"kind": "list", "doctype": "Farmer", "contains": '["*"]'}
    ingester.site.control.fault(
        "status", match=match, skip=1, status=403, exc_type="PermissionError", times=None
    )
    report = await ingester.report("Farmer")
    assert (report.outcome, report.new) == (Outcome.DENIED, 10)
    assert (await ingester.state("Farmer")).frozen_at
    assert len(await ingester.read_store("Farmer")) == 10
    ingester.site.control.clear_faults()
    await ingester.run("Farmer")
    await ingester.assert_equal("Farmer")


async def test_a_rename_seen_while_what_links_to_it_is_denied_is_followed_later(
    ingester: Ingester,
):
    ingester.options = {"include": ("Customer", "Farmer")}
    ingester.insert("Customer", {"name": "Old Mill"})
    ingester.insert("Farmer", {"name": "linking", "customer": "Old Mill"})
    await ingester.run()
    take_sight(ingester, "denied")
    ingester.rename("Customer", "Old Mill", "New Mill")
    assert (await ingester.run()).outcome is Outcome.COMPLETED
    give_sight(ingester, "denied")
    await ingester.run()
    await ingester.assert_equal("Customer", "Farmer")


async def test_reports_of_deletions_are_not_believed_of_what_can_not_be_seen(ingester: Ingester):
    await ingester.run("Farmer")
    ingester.delete("Farmer", "FMR-00001")
    take_sight(ingester, "denied")
    await ingester.reconcile("Farmer", depth=Depth.NAMES, accept_deletes=True)
    assert await ingester.find("Farmer", "FMR-00001")
    give_sight(ingester, "denied")
    assert (await ingester.report("Farmer")).deleted == 1
