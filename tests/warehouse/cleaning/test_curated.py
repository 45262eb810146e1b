"""Curated tables: ours, and an operator's over them; what can't be understood stops the build."""

from __future__ import annotations

import pytest

from tests.warehouse.cleaning.evaluating import evaluate
from warehouse.cleaning.books import read_books
from warehouse.cleaning.curated import OUR_FOLDER, SHAPES, read_curated
from warehouse.cleaning.places import find_place, place_fields
from warehouse.errors import ConfigurationError

TREE = read_books(
    {
        "Territory": [
            {"name": "Telangana", "parent_territory": "India"},
            {"name": "Warangal", "parent_territory": "Telangana"},
            {"name": "Ring A", "parent_territory": "Ring B"},
            {"name": "Ring B", "parent_territory": "Ring A"},
        ]
    }
)


@pytest.fixture
def operators(tmp_path):
    (tmp_path / "curated").mkdir()

    def write(table, *lines):
        path = tmp_path / "curated" / f"{table}.csv"
        path.write_text("\n".join((",".join(SHAPES[table].columns), *lines)), "utf-8")
        return tmp_path

    return write


def test_our_own_tables_can_be_read():
    assert read_curated().rows("crops")["toor",]["crop"] == "red gram"
    assert {path.stem for path in OUR_FOLDER.glob("*.csv")} == set(SHAPES)


def test_an_operators_row_takes_the_place_of_ours(operators):
    folder = operators("crops", "toor,pigeon pea,", "amla,amla,")
    crops = read_curated(folder).rows("crops")
    assert crops["toor",]["crop"] == "pigeon pea"
    assert crops["amla",]["crop"] == "amla"
    assert crops["ragi",]["crop"] == "ragi"


def test_the_version_changes_with_the_content_only(operators, tmp_path):
    before = read_curated(tmp_path).version
    assert read_curated().version == before
    assert read_curated(operators("crops", "amla,amla,")).version != before


@pytest.mark.parametrize(
    ("table", "line", "complaint"),
    [
        ("parties", "site,Customer,,Medak", "Line 2 of .*parties.csv has no name"),
        ("crops", "amla,amla,,more", "more cells than the header"),
        ("item_groups", "Fodder,inputs", "has the business 'inputs'"),
        ("items", "site,X,,,,,,fifty,", "has the pack_kg 'fifty'"),
    ],
)
def test_a_line_that_can_not_be_understood_is_named(operators, table, line, complaint):
    with pytest.raises(ConfigurationError, match=complaint):
        read_curated(operators(table, line))


def test_a_wrong_header_is_named(tmp_path):
    (tmp_path / "curated").mkdir()
    (tmp_path / "curated" / "crops.csv").write_text("word;crop\n", "utf-8")
    with pytest.raises(ConfigurationError, match="must have the columns word, crop, variety"):
        read_curated(tmp_path)


def test_a_territory_has_the_place_of_the_nearest_one_above_it(operators):
    curated = read_curated(operators("places", "Territory,Hanamkonda,Telangana,Hanamkonda"))
    assert find_place("Territory", "Warangal", TREE, curated) == ("Telangana", "")
    assert find_place("Territory", "Hanamkonda", TREE, curated) == ("Telangana", "Hanamkonda")
    assert find_place("Territory", "Ring A", TREE, curated) is None


async def test_the_expression_says_the_same(database, operators):
    curated = read_curated(operators("places", "Territory,Hanamkonda,Telangana,Hanamkonda"))
    rows = [{"territory": name} for name in ("Warangal", "Hanamkonda", "Nowhere")] + [{}]
    fields = place_fields("Territory", "$territory", TREE, curated)
    assert await evaluate(database, rows, **fields) == [
        {"state": "Telangana", "district": None},
        {"state": "Telangana", "district": "Hanamkonda"},
        {"state": None, "district": None},
        {"state": None, "district": None},
    ]
