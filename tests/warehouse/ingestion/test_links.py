"""A rename rewrites links elsewhere without a new `modified`: what may link is pulled again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.ingesting import Ingester, report_of
from warehouse.documents.control import CatalogEntry, Outcome
from warehouse.documents.tombstones import Reason
from warehouse.ingestion.links import find_linking, link_paths
from warehouse.ingestion.run import Limits, open_run
from warehouse.ingestion.state import queue_names, write_state

OLD = "Old Mill"
NEW = "New Mill"


def field(fieldname: str, fieldtype: str, options: str = "", **more: Any) -> dict[str, Any]:
    return {"fieldname": fieldname, "fieldtype": fieldtype, "options": options, **more}


def test_links_of_a_doctype_and_of_its_child_tables_are_known_with_their_targets():
    metas = [
        {
            "name": "Farmer",
            "fields": [
                field("territory", "Link", "Territory"),
                field("ref_name", "Dynamic Link", "ref_doctype"),
                field("computed", "Link", "Item", is_virtual=1),
                field("village", "Data"),
                field("crops", "Table", "Farmer Crop"),
                field("tags", "Table MultiSelect", "Farmer Tag Link"),
                field("ghost", "Table", "Not Described"),
            ],
        },
        {"name": "Farmer Crop", "fields": [field("item", "Link", "Item")]},
        {"name": "Farmer Tag Link", "fields": [field("tag", "Link", "Farmer Tag")]},
    ]
    assert link_paths(metas) == [
        ("document_data.territory", "Territory"),
        ("document_data.ref_name", None),
        ("document_data.crops.item", "Item"),
        ("document_data.tags.tag", "Farmer Tag"),
    ]


def test_a_doctype_without_metas_links_to_nothing():
    assert link_paths([]) == []


def insert_linking(ingester: Ingester) -> None:
    """Insert a Customer and documents that link to it: by field, dynamically, in child tables."""
    ingester.insert("Customer", {"name": OLD})
    ingester.insert("Item", {"name": OLD})
    ingester.insert(
        "Farmer",
        {"name": "by field", "customer": OLD},
        {"name": "dynamically", "ref_doctype": "Customer", "ref_name": OLD},
        {"name": "in a child", "crops": [{"item": OLD}]},
        {"name": "in words", "village": OLD},
    )
    ingester.insert("Farmer Tag", {"name": OLD, "tag": OLD})
    ingester.insert("Farmer", {"name": "multi-select", "tags": [{"tag": OLD}]})


@pytest.mark.parametrize(
    ("doctype", "linking"),
    [
        ("Customer", {"by field", "dynamically"}),
        # Of a Dynamic Link the DocType is not looked at.
        ("Item", {"dynamically", "in a child"}),
        ("Farmer Tag", {"dynamically", "multi-select"}),
        ("Territory", {"dynamically"}),
    ],
)
async def test_what_may_link_to_a_renamed_document_is_found(
    ingester: Ingester, doctype: str, linking: set[str]
):
    insert_linking(ingester)
    await ingester.run("Farmer")
    entries = await CatalogEntry.find(CatalogEntry.doctype == "Farmer").to_list()
    found = await find_linking(ingester.stored, entries, {doctype: [OLD]})
    assert set(found.get("Farmer", ())) == linking


# Farmer comes before Item and after Customer in a run.
@pytest.mark.parametrize(
    ("doctype", "comment", "inventory_rows"),
    [
        pytest.param("Customer", True, 20_000, id="told"),
        pytest.param("Farmer Tag", False, 20_000, id="untold, of the same page"),
        pytest.param("Item", False, 20_000, id="untold, after what links to it"),
        pytest.param("Item", True, 3, id="told, large"),
        pytest.param("Item", False, 3, id="untold, large"),
    ],
)
async def test_every_link_is_right_after_the_run_that_sees_the_rename(
    ingester: Ingester, *, doctype: str, comment: bool, inventory_rows: int
):
    ingester.options = {"include": ("Customer", "Item", "Farmer", "Farmer Tag"), "page_rows": 20}
    insert_linking(ingester)
    # A large DocType shows an untold rename at its complete inventory only.
    large = inventory_rows == 3
    ingester.inventory_rows = inventory_rows
    await ingester.run()
    ingester.rename(doctype, OLD, NEW, comment=comment)
    run = await (ingester.reconcile() if large and not comment else ingester.run())
    assert run.outcome is Outcome.COMPLETED
    assert (run.totals.renamed, run.unreached) == (1, 0)
    assert run.quiet + len(run.doctypes) == 4
    tombstone = (await ingester.buried(doctype))[OLD]
    assert (tombstone["reason"], tombstone["renamed_to"]) == (Reason.RENAMED, NEW)
    await ingester.assert_equal("Customer", "Item", "Farmer", "Farmer Tag")
    assert (await ingester.state("Farmer")).queued == []


async def test_silent_changes_are_counted_as_such(ingester: Ingester):
    insert_linking(ingester)
    await ingester.run("Customer", "Farmer")
    ingester.rename("Customer", OLD, NEW)
    run = await ingester.run("Customer", "Farmer")
    report = report_of(run, "Farmer")
    assert (report.changed, report.silent) == (2, 2)
    assert run.totals.silent == 2


async def test_what_a_renamed_document_says_of_itself_is_pulled(ingester: Ingester):
    ingester.insert("Territory", {"name": "Delta", "territory_name": "Delta"})
    await ingester.run("Territory")
    ingester.rename("Territory", "Delta", "Coast")
    await ingester.run("Territory")
    await ingester.assert_equal("Territory")


async def test_a_queue_outlives_a_run_in_which_its_doctype_failed(ingester: Ingester):
    ingester.options = {"include": ("Customer", "Farmer")}
    insert_linking(ingester)
    await ingester.run()
    ingester.rename("Customer", OLD, NEW)
    ingester.site.control.fault("garbage", match={"doctype": "Farmer"}, times=None)
    assert (await ingester.run()).outcome is Outcome.PARTIAL
    assert set((await ingester.state("Farmer")).queued) == {"by field", "dynamically"}
    ingester.site.control.clear_faults()
    assert (await ingester.run()).outcome is Outcome.COMPLETED
    await ingester.assert_equal("Customer", "Farmer")
    assert (await ingester.state("Farmer")).queued == []


async def test_a_rename_there_and_back_leaves_all_links_right(ingester: Ingester):
    ingester.options = {"include": ("Customer", "Farmer")}
    insert_linking(ingester)
    await ingester.run()
    for old, new in ((OLD, NEW), (NEW, OLD)):
        ingester.rename("Customer", old, new)
        await ingester.run()
        await ingester.assert_equal("Customer", "Farmer")
    tombstones = await ingester.buried("Customer")
    assert tombstones[OLD]["restored_at"]
    assert tombstones[NEW]["restored_at"] is None
    assert tombstones[NEW]["renamed_to"] == OLD


async def test_two_first_writes_of_a_state_at_once_do_not_look_like_a_lost_lease(
    ingester: Ingester,
):
    async with open_run(ingester.erp, "ingest", Limits(), ingester.surroundings) as run:
        session = run.session
        for number in range(20):
            doctype = f"New {number}"
            await asyncio.gather(
                write_state(session, doctype, {"position": None}),
                queue_names(session, doctype, ["one"]),
                queue_names(session, doctype, ["two"]),
                write_state(session, doctype, {"reread_at": None}),
            )
            assert set((await ingester.state(doctype)).queued) == {"one", "two"}
    assert run.error is None
