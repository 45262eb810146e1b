"""Walking the pages of a list on a real mongod: every row once, in the order of the whole list."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warehouse.reading.samples import documents_of, store, view
from warehouse.access.verdict import SharesBranch
from warehouse.documents.raw import raw_model
from warehouse.errors import QueryRefused
from warehouse.reading.cursors import CursorSigner
from warehouse.reading.listing import Counting, ListRequest, read_page
from warehouse.reading.sorting import parse_sort
from warehouse.reading.subject import OPERATOR, Subject

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from warehouse.reading.documents import Documents
    from warehouse.reading.view import View

SIGNER = CursorSigner("key of the tests")
DOCTYPES = itertools.count()

numbers = st.one_of(
    st.integers(-3, 3), st.sampled_from([0.5, -0.0, 2**53, 2**53 + 1, 2**63 - 1, 1e300])
)
values = st.one_of(
    st.none(),
    numbers,
    st.sampled_from(["", "a", "B", "aa", "é", "0", "\x00", "2025-04-01"]),
    st.booleans(),
    st.sampled_from([{}, {"$gt": 1}, {"a": None}]),
)
rows = st.lists(
    st.fixed_dictionaries(
        {}, optional={"title": values, "qty": values, "modified": st.sampled_from(["a", "b", "c"])}
    ),
    max_size=25,
)
names = st.sampled_from(["title", "qty", "modified", "name"])
sorts = st.lists(st.tuples(names, st.booleans()), min_size=1, max_size=3, unique_by=lambda s: s[0])


async def walk(documents: Documents, request: ListRequest, sizes: list[int]) -> list[str]:
    """Return the names on all pages, whose sizes are `sizes`, over and over."""
    found: list[str] = []
    cursor = None
    for size in itertools.cycle(sizes):
        asked = ListRequest(
            request.filters, request.sort, request.fields, size, cursor, request.count
        )
        page = await read_page(documents, OPERATOR, asked, SIGNER)
        found += [row["name"] for row in page.rows]
        assert len(page.rows) == size or page.next_cursor is None
        if page.next_cursor is None:
            return found
        cursor = page.next_cursor
    raise AssertionError


async def list_at_once(documents: Documents, sort: str) -> list[str]:
    keys = list(parse_sort(documents.doctype.columns, sort).keys)
    found = raw_model("site").get_pymongo_collection().find({"doctype": documents.doctype.doctype})
    return [row["name"] async for row in found.sort(keys)]


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=rows, sort=sorts, sizes=st.lists(st.integers(1, 7), min_size=1, max_size=4))
async def test_pages_of_any_size_give_every_row_once_in_order(
    database: AsyncDatabase[dict[str, Any]],
    rows: list[dict[str, Any]],
    sort: list[tuple[str, bool]],
    sizes: list[int],
):
    doctype = f"Sample {next(DOCTYPES)}"
    await store([{k: v for k, v in row.items() if v is not None} for row in rows], doctype)
    documents = documents_of(doctype)
    text = ",".join(f"-{name}" if descends else name for name, descends in sort)
    found = await walk(documents, ListRequest(sort=text, count=Counting.NONE), sizes)
    assert found == await list_at_once(documents, text)
    assert len(found) == len(rows)


async def test_explicit_nulls_sort_as_absent_fields_do(database: AsyncDatabase[dict[str, Any]]):
    await store([{"title": None}, {}, {"title": "a"}, {"title": None}, {}])
    for sort in ("title", "-title"):
        found = await walk(documents_of(), ListRequest(sort=sort), [1])
        assert found == await list_at_once(documents_of(), sort)


async def test_rows_stored_meanwhile_move_none_of_the_others(
    database: AsyncDatabase[dict[str, Any]],
):
    await store([{"qty": number} for number in range(6)])
    first = await read_page(documents_of(), OPERATOR, ListRequest(sort="qty", size=3), SIGNER)
    await store([{"name": "early", "qty": -1}, {"name": "late", "qty": 9}])
    rest = ListRequest(sort="qty", size=10, cursor=first.next_cursor)
    page = await read_page(documents_of(), OPERATOR, rest, SIGNER)
    assert [row["name"] for row in page.rows] == ["0003", "0004", "0005", "late"]


async def test_the_last_page_has_no_cursor_even_when_it_is_full(
    database: AsyncDatabase[dict[str, Any]],
):
    await store([{}, {}, {}, {}])
    first = await read_page(documents_of(), OPERATOR, ListRequest(size=2), SIGNER)
    last = ListRequest(size=2, cursor=first.next_cursor)
    assert (await read_page(documents_of(), OPERATOR, last, SIGNER)).next_cursor is None


async def test_a_page_of_more_than_one_answer_of_mongodb_is_whole(
    database: AsyncDatabase[dict[str, Any]],
):
    await store([{"qty": number, "notes": "x" * 1_500_000} for number in range(25)])
    page = await read_page(documents_of(), OPERATOR, ListRequest(sort="qty", fields="*"), SIGNER)
    assert [row["document_data"]["qty"] for row in page.rows] == list(range(25))
    status = await database.command("serverStatus")
    assert status["metrics"]["cursor"]["open"]["total"] == 0


@pytest.mark.parametrize("depth", [2, 900])
async def test_a_page_examines_no_more_than_it_shows_however_deep(
    database: AsyncDatabase[dict[str, Any]], depth: int
):
    await store([{"modified": f"{number:05}"} for number in range(1000)])
    sort = parse_sort(documents_of().doctype.columns, None)
    query = documents_of()._select([], sort.after([f"{depth:05}", f"{depth:04}"]))
    command = {"find": "erp_site", "filter": query, "sort": dict(sort.keys), "limit": 20}
    told = await database.command({"explain": command, "verbosity": "executionStats"})
    assert told["executionStats"]["totalKeysExamined"] <= 22
    assert told["executionStats"]["totalDocsExamined"] <= 22


@pytest.mark.parametrize(
    "change",
    [
        {"sort": "-qty"},
        {"sort": None},
        {"fields": "title"},
        {"filters": (("qty__gt", "1"),)},
        {"filters": (("qty__gte", "2"),)},
        {"filters": ()},
    ],
)
async def test_a_cursor_of_another_query_is_refused(
    database: AsyncDatabase[dict[str, Any]], change: dict[str, Any]
):
    asked = {"sort": "qty", "size": 1, "filters": (("qty__gte", "1"),)}
    await store([{"qty": number} for number in range(4)])
    page = await read_page(documents_of(), OPERATOR, ListRequest(**asked), SIGNER)
    assert page.next_cursor
    follow = asked | {"cursor": page.next_cursor}
    assert (await read_page(documents_of(), OPERATOR, ListRequest(**follow), SIGNER)).rows
    with pytest.raises(QueryRefused) as refused:
        await read_page(documents_of(), OPERATOR, ListRequest(**follow | change), SIGNER)
    assert refused.value.code == "cursor_mismatch"


async def test_a_cursor_belongs_to_its_doctype_subject_and_key(
    database: AsyncDatabase[dict[str, Any]],
):
    await store([{}, {}, {}])
    await store([{}, {}, {}], "Other")
    first = await read_page(documents_of(), OPERATOR, ListRequest(size=1), SIGNER)
    follow = ListRequest(size=1, cursor=first.next_cursor)
    for documents, subject, signer, code in (
        (documents_of("Other"), OPERATOR, SIGNER, "cursor_mismatch"),
        (documents_of(), Subject("somebody"), SIGNER, "cursor_mismatch"),
        (documents_of(), OPERATOR, CursorSigner("another key"), "cursor_invalid"),
    ):
        with pytest.raises(QueryRefused) as refused:
            await read_page(documents, subject, follow, signer)
        assert refused.value.code == code


@given(st.text(max_size=60), st.integers(0, 40), st.characters())
def test_a_cursor_that_was_changed_is_refused(made_up: str, place: int, character: str):
    good = SIGNER.make(["query"], ["value", 1])
    changed = good[:place] + character + good[place + 1 :]
    for cursor in (made_up, changed if changed != good else made_up):
        with pytest.raises(QueryRefused) as refused:
            SIGNER.read(["query"], cursor)
        assert refused.value.code == "cursor_invalid"


async def test_counts_are_capped_exact_or_none(
    database: AsyncDatabase[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("warehouse.reading.listing.COUNT_CAP", 3)
    monkeypatch.setattr("warehouse.reading.listing.FILTERED_COUNT_CAP", 2)
    await store([{"qty": number} for number in range(5)])

    async def count(
        counting: Counting, seen: View | None = None, **asked: Any
    ) -> tuple[int | None, bool]:
        request = ListRequest(size=1, count=counting, **asked)
        page = await read_page(documents_of(seen=seen), OPERATOR, request, SIGNER)
        return page.count, page.is_count_capped

    assert await count(Counting.CAPPED) == (3, True)
    assert await count(Counting.EXACT) == (5, False)
    assert await count(Counting.NONE) == (None, False)
    assert await count(Counting.CAPPED, filters=(("qty__gte", "3"),)) == (2, False)
    assert await count(Counting.CAPPED, filters=(("qty__gte", "2"),)) == (2, True)
    some = view(SharesBranch(("0000", "0001", "0002")))
    assert await count(Counting.CAPPED, some) == (2, True)
    assert await count(Counting.EXACT, some) == (3, False)
    assert await count(Counting.EXACT, filters=(("qty__gt", "9"),)) == (0, False)
