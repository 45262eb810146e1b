"""Session cookies and tokens: random, and known by a digest that opens nothing."""

from __future__ import annotations

import re

import pytest

from warehouse.accounts.secrets import SessionKey, digest_token, make_session_cookie, make_token

KEY = SessionKey("a secret key of the tests")


def test_each_is_new_and_long():
    made = {make() for make in (make_session_cookie, make_token) for _ in range(100)}
    assert len(made) == 200
    assert re.fullmatch(r"csa_[A-Za-z0-9_-]{43}", make_token())


def test_a_digest_holds_nothing_of_what_it_is_of():
    cookie, token = make_session_cookie(), make_token()
    assert KEY.digest(cookie) == KEY.digest(cookie) != cookie
    assert digest_token(token) == digest_token(token) != token
    assert token.removeprefix("csa_") not in str(digest_token(token))


def test_another_key_knows_no_session():
    cookie = make_session_cookie()
    assert SessionKey("another key of the tests").digest(cookie) != KEY.digest(cookie)


@pytest.mark.parametrize("odd", ["", "x", "csa_", "é" * 43, "a" * 44, "csa_" + "a" * 42, "$" * 43])
def test_what_can_be_neither_is_not_even_looked_up(odd: str):
    assert KEY.digest(odd) is None
    assert digest_token(odd) is None
