"""What there is to do in a DocType is told so that a retry knows what an earlier attempt did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from warehouse.ingestion.gone import UNTRACED_DOCUMENTS
from warehouse.ingestion.run import Limits, open_run
from warehouse.ingestion.task import Depth, Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ingesting import Ingester

CHANGES: dict[str, Callable[[Ingester, list[str]], None]] = {
    "left": lambda site, stored: site.delete("Farmer", stored[0]),
    "left, too many to believe": lambda site, stored: site.delete(
        "Farmer", *stored[: UNTRACED_DOCUMENTS + 1], trace=False
    ),
    "new": lambda site, _: site.insert("Farmer", {"name": "FMR-NEW"}),
    "saved": lambda site, stored: site.edit("Farmer", stored[0], farmer_name="Saved"),
}


async def describe(ingester: Ingester, depth: Depth) -> str:
    """Survey a DocType and return what there is to do."""
    limits = Limits(inventory_rows=ingester.inventory_rows)
    async with open_run(ingester.erp, "reconcile", limits, ingester.surroundings) as run:
        [found] = await run.list_syncs(Selection(frozenset({"Farmer"}), depth))
        await run.survey_all([found])
    assert run.error is None
    return found.describe_work()


@pytest.mark.parametrize("depth", [Depth.CHANGES, Depth.NAMES, Depth.EVERYTHING])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_what_came_up_since_reads_as_other_work(
    ingester: Ingester, depth: Depth, change: Callable[[Ingester, list[str]], None]
):
    await ingester.run("Farmer")
    before = await describe(ingester, depth)
    assert await describe(ingester, depth) == before
    change(ingester, sorted(name for _, name in await ingester.read_store("Farmer")))
    assert await describe(ingester, depth) != before


async def test_a_document_that_is_saved_again_reads_as_other_work(ingester: Ingester):
    await ingester.run("Farmer")
    told = []
    for name in ("Once", "Twice"):
        ingester.edit("Farmer", "FMR-00001", farmer_name=name)
        told.append(await describe(ingester, Depth.EVERYTHING))
    assert len(set(told)) == len(told)


async def test_a_survey_that_failed_reads_as_no_work_that_was_done(ingester: Ingester):
    await ingester.run("Farmer")
    done = await describe(ingester, Depth.EVERYTHING)
    ingester.site.control.fault("status", status=500, match={"doctype": "Farmer"}, times=None)
    assert await describe(ingester, Depth.EVERYTHING) != done


async def test_names_that_are_queued_again_read_as_other_work(ingester: Ingester):
    await ingester.run("Farmer")
    told = []
    for depth in (Depth.CHANGES, Depth.QUEUED):
        for _ in range(2):
            await _queue(ingester, "FMR-00001")
            told.append(await describe(ingester, depth))
    assert len(set(told)) == len(told)


async def _queue(ingester: Ingester, name: str) -> None:
    state = await ingester.state("Farmer")
    await state.set({"queued": [name]})
