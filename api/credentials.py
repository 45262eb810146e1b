"""What a request brings to be known by, and whether a page of another site had it sent.

A cookie goes along with whatever a browser sends, so what changes something must come from a page
of our own: browsers say so in Sec-Fetch-Site, older ones in Origin. What says neither is no browser
and has no cookie but one that its owner put there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    Headers = Iterable[tuple[bytes, bytes]]

# With the prefix, no other host of the domain and no page without TLS can have set it.
COOKIE, COOKIE_OVER_TLS = "csa_session", "__Host-csa_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_PAGES = frozenset({"same-origin", "none"})


def read_token(headers: Headers) -> str | None:
    """Return the token that was sent: then no cookie counts.

    An Authorization of another kind is an empty one, which opens nothing.
    """
    authorization = _find(headers, b"authorization")
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else ""


def read_cookie(headers: Headers, *, is_https: bool) -> str | None:
    """Return the value of the session's cookie, if it was sent."""
    name = name_cookie(is_https=is_https)
    for part in (_find(headers, b"cookie") or "").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None


def name_cookie(*, is_https: bool) -> str:
    """Return what the session's cookie is called."""
    return COOKIE_OVER_TLS if is_https else COOKIE


def is_cross_site(method: str, headers: Headers) -> bool:
    """Say whether a request that changes something was made by a page of another site."""
    if method in SAFE_METHODS:
        return False
    site = _find(headers, b"sec-fetch-site")
    if site is not None:
        return site not in OWN_PAGES
    origin = _find(headers, b"origin")
    return origin is not None and urlsplit(origin).netloc != _find(headers, b"host")


def _find(headers: Headers, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in headers if name == wanted), None)
