"""Where a request came from: X-Forwarded-For counts as far as known proxies have written it."""

from __future__ import annotations

from typing import Any

import pytest

from api.proxies import UNKNOWN, Proxies

PEER, PROXY, INNER = "203.0.113.9", "10.0.0.1", "10.0.0.2"


def scope(peer: str | None, *forwarded: str, **more: Any) -> Any:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    headers += [(name.encode(), value.encode()) for name, value in more.items()]
    return {"client": (peer, 1234) if peer else None, "headers": headers, "scheme": "http"}


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (PEER, [], PEER),
        (PEER, ["198.51.100.1"], PEER),
        (PROXY, [], PROXY),
        (PROXY, ["198.51.100.1"], "198.51.100.1"),
        (PROXY, ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
        (PROXY, ["192.0.2.66", "198.51.100.1"], "198.51.100.1"),
        (PROXY, [f"192.0.2.66, 198.51.100.1, {INNER}"], "198.51.100.1"),
        (PROXY, [f"{INNER}"], INNER),
        (PROXY, ["192.0.2.66, not-an-address"], PROXY),
        (PROXY, [", ,"], PROXY),
        (PROXY, ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        (None, ["198.51.100.1"], UNKNOWN),
        ("a-socket", ["198.51.100.1"], UNKNOWN),
    ],
)
def test_the_address_is_the_last_that_no_known_proxy_has(
    peer: str | None, forwarded: list[str], address: str
):
    assert Proxies(["10.0.0.0/8"]).find_address(scope(peer, *forwarded)) == address


@pytest.mark.parametrize(
    ("peer", "told", "is_https"), [(PEER, "https", False), (PROXY, "https", True)]
)
def test_only_a_known_proxy_can_say_that_the_caller_speaks_tls(
    peer: str, told: str, *, is_https: bool
):
    asked = scope(peer)
    asked["headers"].append((b"x-forwarded-proto", told.encode()))
    assert Proxies([PROXY]).is_https(asked) is is_https
    assert Proxies([PROXY]).is_https({**asked, "scheme": "https"}) is True
