"""Child rows are joined on the exact name; what can't be joined is read singly."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scripted_site import Reply, ScriptedSite, message, page, refusal
from warehouse.erpnext.meta import ChildTable, Shape
from warehouse.errors import ErpInMaintenance, ErpThrottled, ErpUnauthorized, ErpUnavailable
from warehouse.ingestion.children import find_gapped, join, read_children

if TYPE_CHECKING:
    import random

    from warehouse.errors import ErpError

CROPS = ChildTable("crops", "Farmer Crop")
TAGS = ChildTable("tags", "Farmer Tag Link")
SHAPE = Shape("Farmer", (CROPS, TAGS), {})

Row = dict[str, Any]


def child(parent: Any, name: str = "row", **columns: Any) -> Row:
    return {"name": name, "parent": parent, "modified": "m", "creation": "c", "idx": 1, **columns}


def test_rows_go_under_their_parent_and_field():
    one, two, three = child("FMR-1", "a"), child("FMR-2", "b"), child("FMR-1", "c")
    children = join(["FMR-1", "FMR-2", "FMR-3"], {CROPS: [one, two], TAGS: [three]})
    assert children.take("FMR-1") == {"crops": [one], "tags": [three]}
    assert children.take("FMR-2") == {"crops": [two]}
    assert children.take("FMR-3") == {}
    assert children.doubtful == set()


def test_two_fields_of_one_child_doctype_are_kept_apart():
    sown, reaped = ChildTable("sown", "Farmer Crop"), ChildTable("reaped", "Farmer Crop")
    children = join(["A"], {sown: [child("A", "x")], reaped: [child("A", "y")]})
    assert {field: rows[0]["name"] for field, rows in children.take("A").items()} == {
        "sown": "x",
        "reaped": "y",
    }


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8) | st.integers(0, 10**6)
PARENTS = st.lists(NAMES, min_size=1, max_size=8, unique_by=str)


@given(PARENTS, st.lists(st.tuples(st.integers(0, 7), st.booleans())), st.randoms())
def test_every_row_lands_under_exactly_its_parent(
    names: list[str | int], places: list[tuple[int, bool]], dice: random.Random
):
    answers: dict[ChildTable, list[Row] | None] = {CROPS: [], TAGS: []}
    for number, (place, is_tag) in enumerate(places):
        parent = str(names[place % len(names)])
        rows = answers[TAGS if is_tag else CROPS]
        assert rows is not None
        rows.append(child(parent, f"row {number}"))
    for rows in answers.values():
        dice.shuffle(rows or [])
    children = join(names, answers)
    assert children.doubtful == set()
    for name in names:
        taken = children.take(str(name))
        for table, rows in answers.items():
            mine = [row for row in rows or [] if row["parent"] == str(name)]
            assert taken.get(table.fieldname, []) == mine
    assert not children.rows


def test_integer_names_are_joined_on_their_digits():
    children = join([7, 70], {CROPS: [child("7"), child("70"), child("70")]})
    assert {name: len(children.take(name)["crops"]) for name in ("7", "70")} == {"7": 1, "70": 2}
    assert children.doubtful == set()


@pytest.mark.parametrize(
    "parent", ["raju das", "RAJU DAS", "Raju Das ", "Rájù Das", "Raju\u0301 Das", "\uff32aju Das"]
)
def test_a_parent_that_is_spelt_otherwise_makes_the_alike_ones_doubtful(parent: str):
    children = join(["Raju Das", "Rani", "Rao"], {CROPS: [child("Rani"), child(parent)]})
    assert children.doubtful == {"Raju Das"}
    assert children.take("Rani") == {"crops": [child("Rani")]}


@pytest.mark.parametrize("parent", ["Somebody Else", "", None, 8, "Raju\u200d Das", "Raju"])
def test_a_parent_that_nobody_knows_makes_all_doubtful(parent: Any):
    children = join(["Raju Das", "Rani", 7], {CROPS: [child("Rani"), child(parent)]})
    assert children.doubtful == {"Raju Das", "Rani", "7"}


def test_a_row_without_a_parent_makes_all_doubtful():
    assert join(["A", "B"], {CROPS: [{"name": "x"}]}).doubtful == {"A", "B"}


def test_a_refused_table_makes_all_doubtful_and_gives_nothing():
    children = join(["A", 7], {CROPS: [child("A")], TAGS: None})
    assert children.doubtful == {"A", "7"}
    assert children.take("A") == {}


def test_without_child_tables_nothing_is_doubtful():
    assert join(["A"], {}).doubtful == set()


# --- Rows that are missing


@pytest.mark.parametrize(
    ("numbers", "is_gapped"),
    [
        ([1], False),
        ([3, 2, 1], False),
        ([2], True),
        ([3, 2], True),
        ([3, 1], True),
        ([0], True),
        ([None], True),
        ([0, 1], True),
    ],
)
def test_rows_not_numbered_from_one_on_have_a_gap(numbers: list[Any], *, is_gapped: bool):
    rows = [child("A", idx=number) for number in numbers] + [child("B", idx=1)]
    assert find_gapped(rows) == (["A"] if is_gapped else [])


@given(st.lists(st.integers(2, 5), min_size=2, max_size=6), st.data())
def test_a_list_cut_between_its_first_and_last_rows_shows_a_gap(sizes: list[int], data: Any):
    rows = [
        child(f"P{parent}", idx=idx)
        for parent, size in enumerate(sizes)
        for idx in range(1, size + 1)
    ]
    rows.sort(key=lambda row: (-row["idx"], row["parent"]))
    kept = data.draw(st.integers(1, len(rows) - len(sizes)))
    assert find_gapped(rows) == []
    assert find_gapped(rows[:kept])


# --- Asked of a site


async def test_each_table_is_asked_for_by_type_field_and_parents():
    site = ScriptedSite(message([]))
    async with site.client() as client:
        await read_children(client, SHAPE, ["A/B", 7])
    asked = sorted((json.loads(request.content) for request in site.requests), key=str)
    assert asked == [
        {
            "doctype": doctype,
            "fields": ["*"],
            "filters": [
                ["parenttype", "=", "Farmer"],
                ["parentfield", "=", fieldname],
                ["parent", "in", ["A/B", 7]],
            ],
            "limit_page_length": 0,
            "order_by": "idx desc, parent asc",
            "parent": "Farmer",
        }
        for doctype, fieldname in (("Farmer Crop", "crops"), ("Farmer Tag Link", "tags"))
    ]


def by_table(crops: Reply, tags: Reply) -> ScriptedSite:
    def reply(request: httpx.Request) -> httpx.Response:
        chosen = crops if json.loads(request.content)["doctype"] == "Farmer Crop" else tags
        if isinstance(chosen, type):
            raise chosen("broken", request=request)
        return chosen if isinstance(chosen, httpx.Response) else chosen(request)

    return ScriptedSite(reply)


async def test_answers_are_joined_with_their_own_table():
    crop, tag = child("A", "crop"), child("A", "tag")
    async with by_table(message([crop]), message([tag])).client() as client:
        children = await read_children(client, SHAPE, ["A"])
    assert children.take("A") == {"crops": [crop], "tags": [tag]}


@pytest.mark.parametrize(
    "refused",
    [
        refusal(403, "PermissionError"),
        refusal(404, "DoesNotExistError"),
        refusal(500, "ProgrammingError"),
        page(200),
        message({"not": "rows"}),
        httpx.Response(200, content=b'{"message": [{"name": "x", "par'),
    ],
)
async def test_a_table_that_is_refused_or_cut_sends_its_parents_to_the_single_read(refused: Reply):
    async with by_table(message([child("A")]), refused).client() as client:
        children = await read_children(client, SHAPE, ["A", "B"])
    assert children.doubtful == {"A", "B"}


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (httpx.ReadTimeout, ErpUnavailable),
        (page(502), ErpUnavailable),
        (refusal(401, "AuthenticationError"), ErpUnauthorized),
        (refusal(429, "TooManyRequestsError"), ErpThrottled),
        (refusal(503, "SessionStopped"), ErpInMaintenance),
    ],
)
async def test_what_concerns_the_whole_instance_is_not_taken_for_a_refused_table(
    broken: Reply, kind: type[ErpError]
):
    async with by_table(message([]), broken).client() as client:
        with pytest.raises(kind):
            await read_children(client, SHAPE, ["A"])


def serve_cut(rows: list[Row], most: int) -> ScriptedSite:
    """A site that gives no more than the first rows of any list, and whole documents singly."""

    def reply(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            name = request.url.params["name"]
            crops = [row for row in rows if row["parent"] == name]
            return message({"name": name, "modified": "m", "creation": "c", "crops": crops})
        asked = json.loads(request.content)
        wanted = next(limit for column, _, limit in asked["filters"] if column == "parent")
        found = [row for row in rows if row["parent"] in wanted]
        found.sort(key=lambda row: (-row["idx"], row["parent"]))
        return message(found[:most])

    return ScriptedSite(reply)


ONE_TABLE = Shape("Farmer", (CROPS,), {})


@pytest.mark.parametrize(
    ("parents", "each", "most"),
    [
        (10, 3, 25),
        (100, 3, 20),
        (100, 3, 290),
        (1000, 3, 2500),
        (3, 12, 20),
        (10, 3, 20),
        (1000, 3, 10),
    ],
)
async def test_a_list_that_was_cut_short_sends_its_parents_to_the_single_read(
    parents: int, each: int, most: int
):
    names = [f"P{number:04}" for number in range(parents)]
    rows = [child(name, idx=idx) for name in names for idx in range(1, each + 1)]
    async with serve_cut(rows, most).client() as client:
        children = await read_children(client, ONE_TABLE, names)
    assert children.doubtful == {*names}


async def test_a_gap_that_the_erp_really_has_is_no_doubt():
    rows = [child("A", idx=3), child("A", idx=1), child("B", idx=1)]
    site = serve_cut(rows, 100)
    async with site.client() as client:
        children = await read_children(client, ONE_TABLE, ["A", "B"])
    assert children.doubtful == set()
    assert children.take("A") == {"crops": rows[:2]}
    assert len(site.requests) == 2


async def test_no_request_is_left_running_when_one_table_fails():
    before = asyncio.all_tasks()
    site = by_table(refusal(401, "AuthenticationError"), page(502))
    async with site.client() as client:
        forever = asyncio.Event()
        client._sleep = lambda _seconds: forever.wait()  # type: ignore[assignment]
        with pytest.raises(ErpUnauthorized):
            await read_children(client, SHAPE, ["A"])
        left = asyncio.all_tasks() - before
        forever.set()
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
    assert not left
