from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.site.collation import cached_text_key, fold, like_pattern, text_key
from demo.site.moments import EARLIEST, SiteClock, end_of_day, moment_key, time_key


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("RAJU DAS", "Raju Das"),
        ("raju das   ", "Raju Das"),
        ("Ünïcödé Café", "unicode cafe"),
        ("straße", "STRASSE"),
        ("FPO", "FPO"),
        ("🌾 seed", "🚜 seed"),
        ("zero\u200dwidth", "zerowidth"),
    ],
)
def test_texts_that_the_database_holds_equal_have_one_key(left, right):
    assert text_key(left) == text_key(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("రైతు", "రాతు"),
        ("किसान", "कसान"),
        (" leading", "leading"),
        ("a b", "a  b"),
        ("a/b", "a-b"),
        ("x" * 300, "x" * 301),
    ],
)
def test_texts_that_the_database_holds_different_have_two_keys(left, right):
    assert text_key(left) != text_key(right)


def test_punctuation_sorts_before_digits_and_digits_before_letters():
    names = ["zeta", "Beta", "alpha", "9", "10", "a-1", "a_1", "a/1", "a1", "$", "రైతు", "a 1"]
    assert sorted(names, key=text_key) == [
        *("$", "10", "9"),
        *("a 1", "a_1", "a-1", "a/1", "a1", "alpha", "Beta", "zeta", "రైతు"),
    ]


def test_python_would_sort_other_names_first():
    names = ["b", "A", "a-1", "a_1", "Z"]
    assert sorted(names) != sorted(names, key=text_key)


@given(st.text())
def test_a_key_is_its_own_key_and_the_cached_one(text):
    key = text_key(text)
    assert cached_text_key(text) == key
    assert text_key(text + "  ") == key
    assert text_key(text.upper()) == text_key(text.upper().lower())


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("%organic%", "100% Organic Foods", True),
        ("100_ organic%", "100% Organic Foods", True),
        ("organic", "100% Organic Foods", False),
        ("cafe%", "Café 🌾", True),
        ("a.c", "abc", False),
        ("back\\%", "back\\slash", True),
        ("%\n%", "two\nlines", True),
    ],
)
def test_like_knows_two_wildcards_and_no_escape(pattern, text, matches):
    assert (like_pattern(pattern).fullmatch(fold(text)) is not None) == matches


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("2026-11-23 07:38:05.868193", "2026-11-23 07:38:05.868193"),
        ("2026-11-23T07:38:05.5Z", "2026-11-23 07:38:05.500000"),
        ("2026-11-23 07:38:05+05:30", "2026-11-23 07:38:05"),
        ("2026-11-23 07:38:05.000000", "2026-11-23 07:38:05"),
        ("2026-11-23", "2026-11-23 00:00:00"),
        ("garbage", EARLIEST),
        ("2026-13-45 00:00:00", EARLIEST),
        ("", EARLIEST),
    ],
)
def test_a_moment_is_read_without_its_zone_and_garbage_is_the_earliest(text, key):
    assert moment_key(text) == key


def test_a_bare_date_ends_with_its_day_and_a_time_has_no_padding():
    assert end_of_day("2026-11-23") == "2026-11-23 23:59:59.999999"
    assert end_of_day("2026-11-23 10:00:00") == "2026-11-23 10:00:00"
    assert time_key("7:05:00") == time_key("07:05") == 7 * 3600 + 300
    assert time_key("7:38:4.5") < time_key("10:00:00")


def test_the_clock_never_gives_a_moment_twice_not_even_when_it_is_set_back():
    clock = SiteClock("Asia/Kolkata")
    clock._last = datetime(2999, 12, 31, 23, 59, 59, 999998)  # noqa: DTZ001 - site time
    assert [clock.now(), clock.now()] == ["2999-12-31 23:59:59.999999", "3000-01-01 00:00:00"]
