"""`csa reconcile`: repairs what an ingest can't see, and removes much only when told to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from demo.site.process import SiteProcess
    from tests.commanding import Csa
    from tests.ingesting import Ingester


@pytest.fixture
def few(csa: Csa) -> Csa:
    """The command with a few DocTypes only, to be quick."""
    return csa.with_variables(ERP__SITE__INCLUDE="Customer,Farmer")


async def test_silent_changes_are_repaired_unless_only_names_are_asked_for(
    few: Csa, ingester: Ingester
):
    await ingester.run("Customer", "Farmer")
    ingester.edit("Farmer", "FMR-00001", modified=None, village="silently moved")
    ingester.delete("Farmer", "FMR-00002")
    names = await asyncio.to_thread(few.run, "reconcile", "--names-only", "--json")
    totals = names.json["instances"]["site"]["totals"]
    assert (names.code, totals["changed"], totals["deleted"]) == (0, 0, 1)
    whole = await asyncio.to_thread(few.run, "reconcile", "site", "--json")
    run = whole.json["instances"]["site"]
    assert (whole.code, run["kind"], run["totals"]["silent"]) == (0, "reconcile", 1)
    await ingester.assert_equal("Customer", "Farmer")


async def test_what_left_without_a_trace_stays_until_the_cure_that_is_named_is_taken(
    few: Csa, ingester: Ingester
):
    await ingester.run("Customer", "Farmer")
    names = sorted(name for _, name in await ingester.read_store("Farmer"))[:21]
    ingester.delete("Farmer", *names, trace=False)
    suspect = await asyncio.to_thread(few.run, "reconcile")
    assert suspect.code == 3
    assert "suspect Farmer: 21 stored documents are not listed" in suspect.stdout
    cure = "csa reconcile site --doctype 'Farmer' --accept-deletes"
    assert cure in suspect.stdout
    assert await ingester.buried() == {}
    accepted = await asyncio.to_thread(
        few.run, "reconcile", "site", "--doctype", "Farmer", "--accept-deletes"
    )
    assert accepted.code == 0, accepted.stderr
    assert "21 deleted" in accepted.stdout
    await ingester.assert_equal("Farmer")


@pytest.mark.usefixtures("database")
async def test_a_site_that_is_down_exits_with_1(few: Csa, site: SiteProcess):
    site.control.fault("unauthorized", times=None)
    finished = await asyncio.to_thread(few.run, "reconcile", "--json")
    assert finished.code == 1
    assert finished.json["instances"]["site"]["failure"]["code"] == "erp_unauthorized"
