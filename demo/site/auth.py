"""Who calls: the service user, an employee by their own API key or session, or nobody."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from secrets import compare_digest
from typing import TYPE_CHECKING

from demo.site import refusals

if TYPE_CHECKING:
    from demo.site.logins import Logins
    from demo.site.tables import Store

GUEST = "Guest"
DEMO_KEY = "demo-key"
DEMO_SECRET = "demo-secret"  # noqa: S105 - documented: the sample site guards made-up books
SERVICE_USER = "integration@csa.example"
KEY_PREFIX = "key-of-"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The service user's API key. An employee's is made of their name; its secret, the password."""

    key: str = DEMO_KEY
    secret: str = DEMO_SECRET
    user: str = SERVICE_USER

    def fit(self, key: str, secret: str) -> bool:
        """Tell if these are right: the key in any case, the secret exactly."""
        same_secret = compare_digest(secret.encode(), self.secret.encode())
        return key.lower() == self.key.lower() and same_secret


@dataclass(frozen=True, slots=True)
class Caller:
    """A user; `sid` is their session's, if they came with one.

    `session_expired`: a guest who came with the cookie of a session that there is not.
    """

    user: str
    sid: str = ""
    session_expired: bool = False

    @property
    def is_guest(self) -> bool:
        """Tell if nobody is logged in."""
        return self.user == GUEST


def identify(
    headers: dict[str, str], credentials: Credentials, logins: Logins, store: Store
) -> Caller:
    """Find the caller; raise Refusal 401 for wrong credentials (none at all are a guest's)."""
    parts = headers.get("authorization", "").split(" ")
    if len(parts) != 2:  # noqa: PLR2004 - a scheme and a token; else Frappe ignores the header
        return logins.identify(headers.get("cookie", ""))
    scheme, token = parts[0].lower(), parts[1]
    if scheme == "basic":
        token = _decoded(token)
    elif scheme != "token":
        raise refusals.wrong_credentials()
    key, colon, secret = token.partition(":")
    if colon and credentials.fit(key, secret):
        return Caller(credentials.user)
    user = _find_user(store, key) if colon and key.startswith(KEY_PREFIX) else None
    if user is None or not logins.fits(user, secret):
        raise refusals.wrong_credentials()
    return Caller(user)


def _find_user(store: Store, key: str) -> str | None:
    """Find whose key it is; of a disabled user it works as well, as in Frappe 15.44."""
    if "User" not in store.doctypes:
        return None
    found = store.document_table("User").find(key.removeprefix(KEY_PREFIX))
    return str(found["name"]) if found else None


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise refusals.undecodable_token() from error
