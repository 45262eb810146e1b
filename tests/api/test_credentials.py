"""What a request is known by, and what gives away that another site had it sent."""

from __future__ import annotations

import pytest

from api.credentials import Credentials, is_cross_site, read_credentials

HOST = (b"host", b"portal.example")


def read(*headers: tuple[bytes, bytes], is_https: bool = False) -> Credentials:
    return read_credentials([HOST, *headers], is_https=is_https)


def test_a_token_or_a_cookie_is_read():
    assert read((b"authorization", b"bEARER csa_x")).token == "csa_x"
    assert read((b"cookie", b"a=b; csa_session=x; c=d")).cookie == "x"
    assert read() == Credentials()


def test_a_cookie_does_not_count_beside_any_authorization():
    cookie = (b"cookie", b"csa_session=x")
    for authorization in (b"Bearer csa_x", b"Basic eDp5", b"token key:secret", b""):
        assert read((b"authorization", authorization), cookie).cookie is None


def test_over_tls_only_the_cookie_with_the_prefix_counts():
    both = (b"cookie", b"csa_session=x; __Host-csa_session=y")
    assert read(both).cookie == "x"
    assert read(both, is_https=True).cookie == "y"
    assert read((b"cookie", b"csa_session=x"), is_https=True).cookie is None


def test_credentials_show_no_secret():
    assert "secret" not in repr(Credentials("secret", "secret"))


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
