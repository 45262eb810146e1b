"""Whose word counts on where a request came from: the connection's, and that of known proxies.

Anyone may send X-Forwarded-For. It is read only when the peer is in CSA_TRUSTED_PROXIES, and then
from its end, since proxies append: the first that is not one of them is the caller.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.types import HTTPScope

    Headers = Iterable[tuple[bytes, bytes]]

UNKNOWN = "0.0.0.0"  # noqa: S104 - no address to bind to: a Unix socket's peer has none


class Proxies:
    """The proxies of the settings."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(one, strict=False) for one in trusted]

    def find_address(self, scope: HTTPScope) -> str:
        """Return the address of whoever made the request."""
        address = _parse(scope["client"][0] if scope["client"] else UNKNOWN)
        if address is None:
            return UNKNOWN
        hops = _read_hops(scope["headers"]) if self._networks else []
        for hop in reversed(hops):
            before = _parse(hop)
            if not self._is_trusted(address) or before is None:
                break
            address = before
        return _spell(address)

    def is_https(self, scope: HTTPScope) -> bool:
        """Say whether the caller speaks TLS, to us or to the proxy before us."""
        peer = _parse(scope["client"][0]) if scope["client"] else None
        if peer is not None and self._is_trusted(peer):
            schemes = _values(scope["headers"], b"x-forwarded-proto")
            if schemes:
                return schemes[-1] == "https"
        return scope["scheme"] == "https"

    def _is_trusted(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return any(address in network for network in self._networks)


def _read_hops(headers: Headers) -> list[str]:
    return _values(headers, b"x-forwarded-for")


def _values(headers: Headers, wanted: bytes) -> list[str]:
    lists = [value.decode("latin-1") for name, value in headers if name == wanted]
    return [part.strip() for part in ",".join(lists).split(",") if part.strip()]


_spell = lru_cache(maxsize=1024)(str)


@lru_cache(maxsize=1024)
def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
