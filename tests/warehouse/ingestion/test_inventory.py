"""Inventories are compared by equality, and ask for no more than they must."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scripted_site import ScriptedSite, message
from warehouse.documents.control import CatalogEntry, Outcome, SyncState
from warehouse.erpnext.query import ListQuery
from warehouse.ingestion.feeds import Feeds
from warehouse.ingestion.inventory import Inventory, Versions, compare, take_inventory
from warehouse.ingestion.task import Depth, Selection, Task

QUERY = ListQuery("Farmer")
OLD, NEW = "2026-11-23 07:00:00.000001", "2026-11-23 08:00:00"


def row(name: str | int, modified: str | None = OLD, creation: str | None = OLD) -> dict[str, Any]:
    return {"name": name, "modified": modified, "creation": creation}


def inventory(*rows: dict[str, Any], is_complete: bool = True) -> Inventory:
    return Inventory(QUERY, list(rows), is_complete, is_cut=False)


def differing(rows: list[dict[str, Any]], stored: Versions) -> list[str | int]:
    return compare(inventory(*rows), stored).names


@pytest.mark.parametrize(
    ("now", "then"),
    [
        pytest.param((NEW, OLD), (OLD, OLD), id="edited"),
        pytest.param((OLD, OLD), (NEW, OLD), id="moved back in time"),
        pytest.param((OLD, NEW), (OLD, OLD), id="name used again, same modified"),
        pytest.param((NEW, NEW), (OLD, OLD), id="name used again"),
        pytest.param((OLD, OLD), (None, OLD), id="dated"),
        pytest.param((None, OLD), (OLD, OLD), id="undated"),
        pytest.param(("2026-11-23 07:00:00", OLD), (OLD, OLD), id="a microsecond"),
        pytest.param((OLD, OLD), (OLD, None), id="stored without creation"),
    ],
)
def test_whatever_differs_is_pulled(
    now: tuple[str | None, str | None], then: tuple[str | None, str | None]
):
    assert differing([row("FMR-1", *now)], {"FMR-1": then}) == ["FMR-1"]


@pytest.mark.parametrize("version", [(OLD, OLD), (None, None), (NEW, OLD), ("", "")])
def test_what_is_equal_is_not_pulled(version: tuple[str | None, str | None]):
    assert differing([row("FMR-1", *version)], {"FMR-1": version}) == []


def test_a_new_document_is_pulled_and_a_missing_one_is_absent():
    differences = compare(inventory(row("FMR-2")), {"FMR-1": (NEW, OLD)})
    assert differences.names == ["FMR-2"]
    assert differences.newcomers == {"FMR-2": OLD}
    assert differences.absent == [("FMR-1", OLD)]
    assert differences.replaced == []
    assert differences.stored == 1


def test_a_renamed_document_is_pulled_under_its_new_name_and_absent_under_the_old():
    differences = compare(inventory(row("Kurnool Union")), {"Kurnool FPO": (OLD, OLD)})
    assert differences.names == ["Kurnool Union"]
    assert differences.absent == [("Kurnool FPO", OLD)]


def test_a_name_that_has_another_bearer_is_replaced_and_not_absent():
    differences = compare(inventory(row("FMR-1", NEW, NEW)), {"FMR-1": (OLD, OLD)})
    assert differences.names == ["FMR-1"]
    assert differences.newcomers == {"FMR-1": NEW}
    assert differences.replaced == [("FMR-1", OLD)]
    assert differences.absent == []


def test_an_edited_document_is_neither_a_newcomer_nor_replaced():
    differences = compare(inventory(row("FMR-1", NEW, OLD)), {"FMR-1": (OLD, OLD)})
    assert differences.names == ["FMR-1"]
    left = [*differences.newcomers, *differences.replaced, *differences.absent]
    assert left == []


def test_a_name_in_another_case_is_another_name():
    differences = compare(inventory(row("raju")), {"Raju": (OLD, OLD)})
    assert (differences.names, differences.absent) == (["raju"], [("Raju", OLD)])


def test_integer_names_are_compared_as_strings_and_pulled_as_given():
    differences = compare(inventory(row(7), row(8)), {"7": (OLD, OLD)})
    assert (differences.names, differences.absent) == ([8], [])


VERSIONS = st.dictionaries(
    st.text(max_size=3),
    st.tuples(st.sampled_from([None, OLD, NEW]), st.sampled_from([None, OLD, NEW])),
    max_size=10,
)


@given(erp=VERSIONS, stored=VERSIONS)
def test_pulling_the_differences_and_dropping_the_absent_makes_both_equal(
    erp: Versions, stored: Versions
):
    rows = [row(name, *version) for name, version in erp.items()]
    differences = compare(inventory(*rows), stored)
    after = {name: version for name, version in stored.items() if name in erp}
    after |= {str(name): erp[str(name)] for name in differences.names}
    assert after == erp
    assert {name for name, _ in differences.absent} == stored.keys() - erp.keys()
    left = [*differences.absent, *differences.replaced]
    assert all(stored[name][1] == creation for name, creation in left)
    assert all(erp[str(name)] != stored.get(str(name)) for name in differences.names)


# --- Asked of a site


def state(**values: Any) -> SyncState:
    """Return a state as the store holds it (it is never saved here)."""
    known = {"instance": "mitra", "doctype": "Farmer", "token": 1, "outcome": Outcome.COMPLETED}
    return SyncState.model_construct(**known, **values)


def take(
    replies: list[list[dict[str, Any]]],
    inventory_rows: int,
    known: SyncState | None,
    selection: Selection | None = None,
) -> tuple[Inventory, list[dict[str, Any]]]:
    site = ScriptedSite(*(message(rows) for rows in replies))

    async def run() -> Inventory:
        async with site.client() as client:
            session = SimpleNamespace(inventory_rows=inventory_rows, client=client)
            entry = CatalogEntry.model_construct(doctype="Farmer")
            task = Task(
                session=cast("Any", session),
                catalog=cast("Any", None),
                entry=entry,
                state=known,
                selection=selection or Selection(),
                feeds=Feeds(),
            )
            return await take_inventory(task)

    taken = asyncio.run(run())
    return taken, [json.loads(request.content) for request in site.requests]


def test_a_small_doctype_is_asked_for_whole_in_one_request():
    rows = [row("A"), row("B")]
    taken, (asked,) = take([rows], 2, None)
    assert taken.rows == rows
    assert (taken.is_complete, taken.is_cut) == (True, False)
    assert asked == {
        "doctype": "Farmer",
        "fields": ["name", "modified", "creation"],
        "filters": [],
        "limit_page_length": 3,
        "order_by": "modified asc, name asc",
    }


def test_one_row_more_than_allowed_means_there_are_more():
    rows = [row("Undated", None), row("B"), row("C")]
    undated = [row("Undated", None), row("Undated, too", None)]
    taken, (_, asked) = take([rows, undated], 2, None)
    assert (taken.is_complete, taken.is_cut, taken.is_recent) == (False, True, False)
    assert taken.query.filters == (("modified", "is", "set"),)
    assert asked["filters"] == [["modified", "is", "not set"]]
    assert taken.rows == [row("B"), row("C"), *undated]


def test_a_large_doctype_is_asked_since_its_last_pass_less_an_overlap():
    known = state(documents=3, high_water="2026-11-23 08:00:00.000005")
    taken, (since, undated) = take([[row("A", NEW)], [row("B", None)]], 2, known)
    assert since["filters"] == [["modified", ">=", "2026-11-23 07:50:00.000005"]]
    assert since["order_by"] == "modified asc, name asc"
    assert undated["filters"] == [["modified", "is", "not set"]]
    assert undated["order_by"] == "name asc"
    assert [each["name"] for each in taken.rows] == ["A", "B"]
    assert (taken.is_complete, taken.is_cut, taken.is_recent) == (False, False, True)


@pytest.mark.parametrize(
    "known",
    [
        state(documents=2, high_water=NEW),
        state(documents=3, high_water=None),
        state(documents=0, high_water=NEW),
    ],
)
def test_a_doctype_that_is_small_or_never_finished_a_pass_is_asked_for_whole(known: SyncState):
    taken, (asked,) = take([[row("A")]], 2, known)
    assert taken.is_complete
    assert asked["filters"] == []


def test_more_saved_rows_than_allowed_are_walked():
    known = state(documents=9, high_water=NEW)
    taken, _ = take([[row("A"), row("B"), row("C")], []], 2, known)
    assert taken.is_cut
    assert taken.query.filters == (("modified", ">=", "2026-11-23 07:50:00.000000"),)


def test_undated_rows_are_listed_however_many():
    known = state(documents=9, high_water=NEW)
    undated = [row(name, None) for name in "ABC"]
    taken, (_, asked) = take([[], undated], 2, known)
    assert (taken.rows, asked["limit_page_length"]) == (undated, 0)


@pytest.mark.parametrize("depth", [Depth.NAMES, Depth.EVERYTHING])
def test_a_complete_inventory_of_a_large_doctype_is_taken_in_pages(depth: Depth):
    known = state(documents=5, high_water=NEW)
    first, second = [row("A"), row("B"), row("C", NEW)], [row("D", NEW)]
    replies = [first, [row("U", None)], first, second]
    taken, asked = take(replies, 2, known, Selection(depth=depth))
    assert [each["name"] for each in taken.rows] == ["U", "A", "B", "C", "D"]
    assert (taken.is_complete, taken.is_cut, taken.is_recent) == (True, False, False)
    assert [query["limit_page_length"] for query in asked] == [3, 0, 3, 3]
    assert asked[2]["filters"] == [["modified", "is", "set"]]
    assert asked[3]["filters"] == [["modified", "is", "set"], ["modified", ">=", NEW]]
    assert asked[3]["or_filters"] == [["modified", ">", NEW], ["name", ">", "C"]]


def test_a_row_saved_while_a_complete_inventory_is_taken_counts_as_last_seen():
    saved = row("A", NEW)
    replies = [[row("A"), row("B"), row("C")], [], [row("A"), row("B"), row("C")], [saved]]
    taken, _ = take(replies, 2, None, Selection(depth=Depth.NAMES))
    assert {each["name"]: each["modified"] for each in taken.rows} == {"A": NEW, "B": OLD, "C": OLD}


def test_a_selected_time_is_asked_for_however_small_the_doctype():
    taken, (since, _) = take([[row("A", NEW)], []], 9, None, Selection(since=OLD))
    assert since["filters"] == [["modified", ">=", OLD]]
    assert (taken.is_complete, taken.is_recent) == (False, True)
