"""What a request is known by, and what gives away that another site had it sent."""

from __future__ import annotations

import pytest

from api.credentials import is_cross_site, read_cookie, read_token

HOST = (b"host", b"portal.example")


def token_of(*authorization: bytes) -> str | None:
    return read_token([HOST, *((b"authorization", one) for one in authorization)])


def cookie_of(cookies: bytes, *, is_https: bool = False) -> str | None:
    return read_cookie([HOST, (b"cookie", cookies)], is_https=is_https)


def test_a_token_is_read():
    assert token_of(b"bEARER csa_x") == "csa_x"
    assert token_of() is None


@pytest.mark.parametrize("authorization", [b"Basic eDp5", b"token key:secret", b""])
def test_an_authorization_of_another_kind_is_a_token_that_opens_nothing(authorization: bytes):
    assert token_of(authorization) == ""


def test_a_cookie_is_read():
    assert cookie_of(b"a=b; csa_session=x; c=d") == "x"
    assert cookie_of(b"a=b") is None


def test_over_tls_only_the_cookie_with_the_prefix_counts():
    both = b"csa_session=x; __Host-csa_session=y"
    assert cookie_of(both) == "x"
    assert cookie_of(both, is_https=True) == "y"
    assert cookie_of(b"csa_session=x", is_https=True) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], False),
        ([(b"sec-fetch-site", b"same-origin")], False),
        ([(b"sec-fetch-site", b"none")], False),
        ([(b"sec-fetch-site", b"same-site")], True),
        ([(b"sec-fetch-site", b"cross-site")], True),
        ([(b"origin", b"https://portal.example")], False),
        ([(b"origin", b"https://portal.example.evil.example")], True),
        ([(b"origin", b"https://evil.example")], True),
        ([(b"origin", b"null")], True),
        ([(b"origin", b"")], True),
    ],
)
def test_what_another_site_sent_is_known_by_what_the_browser_says(
    headers: list[tuple[bytes, bytes]], *, expected: bool
):
    for method in ("POST", "PUT", "PATCH", "DELETE", "MADE-UP"):
        assert is_cross_site(method, [HOST, *headers]) is expected
    for method in ("GET", "HEAD", "OPTIONS"):
        assert not is_cross_site(method, [HOST, *headers])
