"""Filters: what each operator finds in a real mongod, what is refused, what can't get through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.warehouse.reading.samples import COLUMNS, documents_of, store
from tests.warehouse.reading.test_paging import SIGNER
from warehouse.errors import QueryRefused
from warehouse.reading.filters import OPERATORS, compile_filters, operators_of, parse_filters
from warehouse.reading.listing import ListRequest, read_page
from warehouse.reading.subject import OPERATOR

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

DOCUMENTS = [
    {
        "name": "A",
        "title": "Ragi (50%) flour",
        "party": "12",
        "qty": 5,
        "total": 10.5,
        "day": "2025-03-31",
        "moment": "2025-03-31 14:30:00.250000",
        "is_paid": 1,
        "items": [{"item_code": "RAGI", "qty": 1.0}, {"item_code": "JOWAR", "qty": 9.0}],
    },
    {
        "name": "B",
        "title": "jowar",
        "party": 12,
        "qty": 7,
        "total": 10,
        "day": "2025-04-01",
        "moment": "2025-04-01 00:00:00",
        "is_paid": 0,
        "items": [{"item_code": "RAGI", "qty": 9.0}],
    },
    {"name": "C", "title": "", "party": "Asha", "qty": 0, "notes": "a.*b", "is_paid": 0},
    {"name": "D", "clock": "9:05:00"},
]


async def find(*filters: tuple[str, str]) -> str:
    request = ListRequest(filters=filters, sort="name")
    page = await read_page(documents_of(), OPERATOR, request, SIGNER)
    return "".join(row["name"] for row in page.rows)


@pytest.fixture
async def stored(database: AsyncDatabase[dict[str, Any]]) -> None:
    await store(DOCUMENTS)


FOUND = [
    ("title__exact", "jowar", "B"),
    ("title__exact", "Jowar", ""),
    ("title__exact", "", "C"),
    ("title__not", "jowar", "ACD"),
    ("title__contains", "RAGI (50%)", "A"),
    ("title__contains", ".*", ""),
    ("notes__contains", ".*", "C"),
    ("title__startswith", "Ragi", "A"),
    ("title__startswith", "ragi", ""),
    ("title__startswith", "agi", ""),
    ("title__gt", "jowar", ""),
    ("title__lt", "jowar", "AC"),
    ("title__in", "jowar,nothing", "B"),
    ("title__in", '["jowar", "Ragi (50%) flour"]', "AB"),
    ("title__notin", "jowar", "ACD"),
    ("title__isnull", "1", "CD"),
    ("title__isnull", "0", "AB"),
    ("qty__exact", "5", "A"),
    ("qty__exact", "+5", "A"),
    ("qty__not", "5", "BCD"),
    ("qty__gt", "5", "B"),
    ("qty__gte", "5", "AB"),
    ("qty__lt", "5", "C"),
    ("qty__lte", "5", "AC"),
    ("qty__between", "1,6", "A"),
    ("qty__isnull", "1", "D"),
    ("total__exact", "10.50", "A"),
    ("total__gt", "1e1", "A"),
    ("total__lte", ".1e2", "B"),
    ("is_paid__exact", "1", "A"),
    ("is_paid__not", "1", "BCD"),
    ("day__exact", "2025-03-31", "A"),
    ("day__gt", "2025-03-31", "B"),
    ("day__startswith", "2025-03", "A"),
    ("day__between", "2025-03-01,2025-03-31", "A"),
    ("moment__gt", "2025-03-31", "B"),
    ("moment__gte", "2025-03-31", "AB"),
    ("moment__lte", "2025-03-31", "A"),
    ("moment__lt", "2025-04-01", "A"),
    ("moment__between", "2025-03-31,2025-03-31", "A"),
    ("moment__exact", "2025-03-31T14:30:00.25", "A"),
    ("moment__exact", "2025-04-01 00:00", "B"),
    ("clock__exact", "9:05:00", "D"),
    ("party__exact", "12", "AB"),
    ("party__not", "12", "CD"),
    ("party__in", "12,Asha", "ABC"),
    ("name__exact", "A", "A"),
    ("name__in", "A,C", "AC"),
    ("items.item_code__exact", "RAGI", "AB"),
    ("items.item_code__not", "RAGI", "A"),
    ("items.qty__gt", "5", "AB"),
    ("items.item_code__startswith", "JO", "A"),
]


async def test_each_operator_finds_what_it_says(stored: None):
    found = [(parameter, value, await find((parameter, value))) for parameter, value, _ in FOUND]
    assert found == FOUND


async def test_all_filters_must_hold(stored: None):
    assert await find(("qty__gte", "5"), ("day__lt", "2025-04-01")) == "A"
    assert await find(("qty__gte", "5"), ("qty__gte", "6")) == "B"


async def test_conditions_on_a_child_table_must_hold_in_one_row(stored: None):
    assert await find(("items.item_code__exact", "RAGI"), ("items.qty__gt", "5")) == "B"


@pytest.mark.parametrize(
    ("parameter", "value", "code"),
    [
        ("title", "x", "unknown_parameter"),
        ("titel__exact", "x", "unknown_field"),
        ("layout__exact", "x", "unknown_field"),
        ("secret__exact", "x", "unknown_field"),
        ("shown__exact", "x", "unknown_field"),
        ("items__exact", "x", "unknown_field"),
        ("items.rate__exact", "x", "unknown_field"),
        ("items.item_code.x__exact", "x", "unknown_field"),
        ("title__exakt", "x", "unknown_operator"),
        ("qty__contains", "1", "unknown_operator"),
        ("is_paid__gt", "0", "unknown_operator"),
        ("clock__gt", "9:00:00", "unknown_operator"),
        ("total__startswith", "1", "unknown_operator"),
        ("qty__exact", "", "invalid_value"),
        ("qty__exact", "1.5", "invalid_value"),
        ("qty__exact", "\u0665", "invalid_value"),
        ("qty__exact", str(2**63), "invalid_value"),
        ("qty__between", "1", "invalid_value"),
        ("qty__between", "1,2,3", "invalid_value"),
        ("qty__in", "1,x", "invalid_value"),
        ("total__exact", "nan", "invalid_value"),
        ("total__exact", "1e999", "invalid_value"),
        ("is_paid__exact", "yes", "invalid_value"),
        ("day__exact", "31.03.2025", "invalid_value"),
        ("day__exact", "2025-02-30", "invalid_value"),
        ("moment__gt", "2025-03-31 25:00", "invalid_value"),
        ("title__isnull", "", "invalid_value"),
        ("title__in", "", "invalid_value"),
        ("title__in", "[]", "invalid_value"),
        ("title__in", "[1]", "invalid_value"),
        ("title__in", "[" * 190, "invalid_value"),
        ("title__in", ",".join("x" * 201), "invalid_value"),
        ("title__contains", "", "invalid_value"),
        ("title__contains", "a\0b", "invalid_value"),
        ("title__exact", "x" * 201, "invalid_value"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(parameter: str, value: str, code: str):
    with pytest.raises(QueryRefused) as refused:
        compile_filters(parse_filters(COLUMNS, [(parameter, value)]))
    assert refused.value.code == code
    assert refused.value.parameter == parameter


@pytest.mark.parametrize(
    ("parameter", "nearest"),
    [
        ("titel__exact", "title"),
        ("title__exat", "exact"),
        ("title", "title__exact"),
        ("items.item_cod__exact", "items.item_code"),
        ("siz", "size"),
    ],
)
def test_a_refusal_names_the_nearest(parameter: str, nearest: str):
    with pytest.raises(QueryRefused, match=rf"Did you mean {nearest}\?"):
        parse_filters(COLUMNS, [(parameter, "x")])


def test_more_than_twenty_filters_are_refused():
    assert len(parse_filters(COLUMNS, [("qty__exact", "1")] * 20)) == 20
    with pytest.raises(QueryRefused) as refused:
        parse_filters(COLUMNS, [("qty__exact", "1")] * 21)
    assert refused.value.code == "too_many_filters"


hostile = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ['{"$gt": ""}', "$where", "[$ne]", "(a+)+$", ".*" * 40, "(?i)x", "\\Q\\E", "a|b", "^", "["]
    ),
)
parameters = st.one_of(
    st.builds(
        lambda column, operator: f"{column.name}__{operator}",
        st.sampled_from(list(COLUMNS.filterable.values())),
        st.sampled_from(sorted(OPERATORS)),
    ),
    hostile,
    hostile.map(lambda text: f"{text}__exact"),
    hostile.map(lambda text: f"title.{text}__exact"),
)
ALLOWED = {
    *("$and", "$elemMatch", "$eq", "$ne", "$in", "$nin", "$regex", "$options"),
    *("$gt", "$gte", "$lt", "$lte"),
}


def keys_of(condition: Any) -> set[str]:
    """Return every key that stands in a place where MongoDB takes operators or paths."""
    if isinstance(condition, dict):
        return set(condition).union(*(keys_of(value) for value in condition.values()))
    if isinstance(condition, list):
        return set().union(*(keys_of(value) for value in condition))
    return set()


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(parameters, hostile), max_size=4))
async def test_whatever_is_sent_becomes_a_harmless_query_or_is_refused(
    database: AsyncDatabase[dict[str, Any]], sent: list[tuple[str, str]]
):
    try:
        conditions = compile_filters(parse_filters(COLUMNS, sent))
    except QueryRefused:
        return
    paths = {column.path for column in COLUMNS.filterable.values()} | {"document_data.items"}
    assert keys_of(conditions) <= ALLOWED | paths
    assert json.dumps(conditions)
    assert await documents_of().count(conditions, 10) == 0


def test_each_field_names_the_operators_that_it_takes():
    taken = {name: set(operators_of(column)) for name, column in COLUMNS.own.items()}
    assert taken["title"] == set(OPERATORS)
    assert taken["qty"] == set(OPERATORS) - {"contains", "startswith"}
    assert taken["day"] == set(OPERATORS) - {"contains"}
    assert taken["is_paid"] == {"exact", "not", "in", "notin", "isnull"}
