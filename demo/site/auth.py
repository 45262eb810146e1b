"""Who calls: the service user with the right key and secret, or nobody."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from secrets import compare_digest

from demo.site import refusals

GUEST = "Guest"
DEMO_KEY = "demo-key"
DEMO_SECRET = "demo-secret"  # noqa: S105 - documented: the sample site guards made-up books
SERVICE_USER = "integration@csa.example"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one API key that the site knows, and the user it stands for."""

    key: str = DEMO_KEY
    secret: str = DEMO_SECRET
    user: str = SERVICE_USER

    def fit(self, key: str, secret: str) -> bool:
        """Tell if these are right: the key in any case, the secret exactly."""
        same_secret = compare_digest(secret.encode(), self.secret.encode())
        return key.lower() == self.key.lower() and same_secret


@dataclass(frozen=True, slots=True)
class Caller:
    """A user; `session_expired` of a guest who came with the cookie of a session."""

    user: str
    session_expired: bool = False

    @property
    def is_guest(self) -> bool:
        """Tell if nobody is logged in."""
        return self.user == GUEST


def identify(headers: dict[str, str], credentials: Credentials) -> Caller:
    """Find the caller; raise Refusal 401 for wrong credentials (none at all are a guest's)."""
    parts = headers.get("authorization", "").split(" ")
    if len(parts) != 2:  # noqa: PLR2004 - a scheme and a token; else Frappe ignores the header
        return Caller(GUEST, session_expired=_has_session_cookie(headers.get("cookie", "")))
    scheme, token = parts[0].lower(), parts[1]
    if scheme == "basic":
        token = _decoded(token)
    elif scheme != "token":
        raise refusals.wrong_credentials()
    key, colon, secret = token.partition(":")
    if not colon or not credentials.fit(key, secret):
        raise refusals.wrong_credentials()
    return Caller(credentials.user)


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise refusals.undecodable_token() from error


def _has_session_cookie(cookie: str) -> bool:
    try:
        sid = SimpleCookie(cookie).get("sid")
    except CookieError:
        return False
    return sid is not None and sid.value not in ("", GUEST)
