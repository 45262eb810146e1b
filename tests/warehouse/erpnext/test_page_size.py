"""The page size follows what the last page took, within its bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.erpnext.page_size import MIN_ROWS, TARGET_BYTES, TARGET_S, PageSize

MAX_ROWS = st.integers(10, 5000)
PAGES = st.lists(
    st.tuples(st.floats(0, 1000), st.integers(0, 10**9)) | st.none(), min_size=1, max_size=50
)


@given(MAX_ROWS, PAGES)
def test_the_page_stays_within_its_bounds_whatever_happens(max_rows: int, pages: list):
    size = PageSize(max_rows)
    for page in pages:
        if page:
            size.learn(*page)
        else:
            size.shrink()
        assert min(MIN_ROWS, max_rows) <= size.rows <= max_rows


@given(MAX_ROWS)
def test_the_first_page_is_a_whole_one(max_rows: int):
    assert PageSize(max_rows).rows == max_rows


@pytest.mark.parametrize(
    ("seconds", "size_bytes", "rows"),
    [
        (TARGET_S + 0.1, 0, 200),
        (0.0, TARGET_BYTES + 1, 200),
        (TARGET_S, TARGET_BYTES, 400),
        (TARGET_S / 4, 0, 400),
        (0.0, TARGET_BYTES // 4, 400),
        (TARGET_S / 5, TARGET_BYTES // 2, 400),
        (TARGET_S / 5, TARGET_BYTES // 5, 800),
    ],
)
def test_a_page_is_halved_above_the_target_and_doubled_below_a_quarter(
    seconds: float, size_bytes: int, rows: int
):
    size = PageSize(1000, rows=400)
    size.learn(seconds, size_bytes)
    assert size.rows == rows


def test_a_slow_site_gets_the_smallest_page_and_a_fast_one_the_largest_again():
    size = PageSize(1000)
    for _ in range(20):
        size.shrink()
    assert size.rows == MIN_ROWS
    for _ in range(20):
        size.learn(0.01, 1000)
    assert size.rows == 1000
