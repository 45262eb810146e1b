"""Keyset paging against a simulated table: its filters, its order, rows saved meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.erpnext.paging import (
    Position,
    earlier,
    latest_past,
    page_query,
    parse_site_datetime,
)
from warehouse.erpnext.query import ALL_COLUMNS, ListQuery

Row = dict[str, Any]

NOW = datetime(2026, 11, 23, 12, 0)  # noqa: DTZ001 naive site time


def collate(value: Any) -> Any:
    """Return what MariaDB compares names by: neither case nor the order of code points."""
    return value.casefold().replace("_", "~") if isinstance(value, str) else value


OPERATORS = {
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
    "=": lambda value, limit: value == limit,
}


def select(rows: list[Row], query: ListQuery) -> list[Row]:
    """Answer a query as Frappe does: filters AND-ed, or_filters OR-ed, both AND-ed."""

    def holds(row: Row, condition: tuple[str, str, Any]) -> bool:
        column, operator, limit = condition
        if row[column] is None:
            return False
        return OPERATORS[operator](collate(row[column]), collate(limit))

    assert query.order_by == "modified asc, name asc"
    found = [
        row
        for row in rows
        if all(holds(row, condition) for condition in query.filters)
        and (not query.or_filters or any(holds(row, condition) for condition in query.or_filters))
    ]
    found.sort(key=lambda row: (row["modified"] or "", collate(row["name"])))
    return found[: query.limit or None]


def moment(number: int) -> str:
    """Return a datetime as ERPNext writes it: no fraction when it is zero."""
    start = datetime(2026, 11, 23, 7, 38, tzinfo=UTC).replace(tzinfo=None)
    return str(start + timedelta(milliseconds=500 * number))


NAMES = st.text(st.sampled_from("aAbB_z/%రి1"), min_size=1, max_size=4) | st.integers(1, 99)


def tables(names: st.SearchStrategy[Any], ties: int) -> st.SearchStrategy[list[Row]]:
    rows = st.builds(
        lambda name, number: {"name": name, "modified": moment(number), "docstatus": number % 2},
        names,
        st.integers(0, ties),
    )
    return st.lists(rows, max_size=40, unique_by=lambda row: collate(row["name"]))


TABLES = st.one_of(
    tables(NAMES.filter(lambda name: isinstance(name, str)), ties=3),
    tables(st.integers(1, 10_000), ties=2),
)


@given(TABLES, st.integers(1, 7))
def test_a_walk_sees_every_row_once_in_order_however_many_share_a_moment(
    table: list[Row], page_rows: int
):
    whole = select(table, page_query(ListQuery("Farmer"), None, 0))
    walked: list[Row] = []
    after: Position | None = None
    while page := select(table, page_query(ListQuery("Farmer"), after, page_rows)):
        walked += page
        after = Position.of(page[-1])
    assert walked == whole
    assert len(whole) == len(table)


@given(TABLES, st.integers(1, 7), st.data())
def test_rows_saved_while_paging_are_not_lost(table: list[Row], page_rows: int, data: Any):
    clock = 10
    versions: dict[Any, list[str]] = {row["name"]: [] for row in table}
    saved: set[Any] = set()
    after: Position | None = None
    while page := select(table, page_query(ListQuery("Farmer"), after, page_rows)):
        for row in page:
            versions[row["name"]].append(row["modified"])
        after = Position.of(page[-1])
        if clock < 25:
            for row in data.draw(st.lists(st.sampled_from(table), max_size=3)):
                clock += 1
                row["modified"] = moment(clock)
                saved.add(row["name"])
    for row in table:
        seen = versions[row["name"]]
        assert seen[-1] == row["modified"]
        assert len(seen) == 1 or row["name"] in saved


@given(TABLES, st.integers(1, 7))
def test_a_walk_keeps_to_the_filters_of_its_query(table: list[Row], page_rows: int):
    query = ListQuery("Farmer", ALL_COLUMNS, filters=(("docstatus", "=", 1),))
    walked: list[Row] = []
    after: Position | None = None
    while page := select(table, page_query(query, after, page_rows)):
        walked += page
        after = Position.of(page[-1])
    assert sorted(str(row["name"]) for row in walked) == sorted(
        str(row["name"]) for row in table if row["docstatus"]
    )


def test_a_position_is_sent_back_exactly_as_received():
    after = Position("2026-11-23 07:38:44.486150", "ACC-SINV-2026-00025")
    query = page_query(ListQuery("Sales Invoice", parent="X"), after, 500)
    assert query == ListQuery(
        "Sales Invoice",
        filters=(("modified", ">=", "2026-11-23 07:38:44.486150"),),
        or_filters=(
            ("modified", ">", "2026-11-23 07:38:44.486150"),
            ("name", ">", "ACC-SINV-2026-00025"),
        ),
        order_by="modified asc, name asc",
        limit=500,
        parent="X",
    )


def test_a_query_whose_alternatives_paging_would_overwrite_is_refused():
    query = ListQuery("Farmer", or_filters=(("village", "=", "a"), ("village", "=", "b")))
    with pytest.raises(ValueError, match="or_filters"):
        page_query(query, Position(moment(1), "x"), 10)


@pytest.mark.parametrize("modified", [None, ""])
def test_a_row_without_modified_has_no_position(modified: str | None):
    assert Position.of({"name": "x", "modified": modified}) is None


@pytest.mark.parametrize(
    ("erp_modified", "minutes", "since"),
    [
        ("2026-11-23 07:38:05.868193", 10, "2026-11-23 07:28:05.868193"),
        ("2026-11-23 07:38:05", 10, "2026-11-23 07:28:05.000000"),
        ("2026-01-01 00:05:00.000001", 10, "2025-12-31 23:55:00.000001"),
        ("2026-11-23", 1, "2026-11-22 23:59:00.000000"),
    ],
)
def test_an_earlier_moment_is_written_as_the_site_writes_them(
    erp_modified: str, minutes: int, since: str
):
    assert earlier(erp_modified, timedelta(minutes=minutes)) == since


@given(
    st.datetimes(NOW - timedelta(days=9000), NOW + timedelta(days=9000)),
    st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_an_earlier_moment_is_exactly_that_much_earlier(at: datetime, by: timedelta):
    assert parse_site_datetime(earlier(str(at), by)) == at - by


@pytest.mark.parametrize("garbage", ["", "yesterday", "0000-00-00 00:00:00", "23-11-2026"])
def test_what_is_no_moment_is_an_error(garbage: str):
    with pytest.raises(ValueError, match=r"isoformat|month|year"):
        parse_site_datetime(garbage)


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([], None),
        ([None, ""], None),
        (["2026-11-23 11:00:00"], "2026-11-23 11:00:00"),
        (["2026-11-23 12:00:00"], "2026-11-23 12:00:00"),
        (["2026-11-23 12:00:00.000001"], None),
        ([None, "2026-11-22 08:00:00.5", "2031-01-01 00:00:00"], "2026-11-22 08:00:00.5"),
        (["2026-11-22 08:00:00", "2026-11-23 09:00:00", None], "2026-11-23 09:00:00"),
    ],
)
def test_rows_dated_in_the_future_do_not_count(moments: list[str | None], expected: str | None):
    assert latest_past([{"modified": at} for at in moments], NOW) == expected
