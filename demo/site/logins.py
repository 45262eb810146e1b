"""Signing in to a sample site: passwords, sessions, and the lock after ten failures.

Every user of the books has the site's one password, so that anyone can be tried; the control
endpoint resets one's. As in Frappe 15.44, failures are counted by user and by the first address in
X-Forwarded-For, which any client may set. System Settings switch sign-in by password off, or ask
for a second factor, which no code passes here.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from secrets import compare_digest
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from demo.site import refusals
from demo.site.answers import EXPIRED_COOKIES, GUEST_COOKIES, Answer
from demo.site.auth import GUEST, Caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.site.calls import Call
    from demo.site.dataset import Row
    from demo.site.tables import Store

DEMO_PASSWORD = "demo-password"  # noqa: S105 - documented: the sample site guards made-up books
LOCAL_ADDRESS = "127.0.0.1"
ALLOWED_FAILURES, LOCKED_S = 10, 60
METHODS = ("login", "logout")


@dataclass(slots=True)
class _Failures:
    """Failures in a row of one user or address, and when the first of them was."""

    count: int = 0
    since: float = 0.0


class Logins:
    """The sessions and passwords of one site."""

    def __init__(
        self, password: str = DEMO_PASSWORD, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._password = password
        self._own: dict[str, str] = {}
        self._expired: set[str] = set()
        self._sessions: dict[str, str] = {}
        self._failures: dict[str, _Failures] = {}
        self._now = now

    @property
    def open_sessions(self) -> int:
        """Count the sessions that nobody has ended."""
        return len(self._sessions)

    def set_password(self, user: str, password: str, *, expired: bool = False) -> None:
        """Give a user a password of their own, which may have to be changed at once."""
        self._own[user.lower()] = password
        (self._expired.add if expired else self._expired.discard)(user.lower())

    def fits(self, user: str, password: str) -> bool:
        """Tell if a password is a user's."""
        own = self._own.get(user.lower(), self._password)
        return compare_digest(own.encode(), password.encode())

    def identify(self, cookie: str) -> Caller:
        """Give the user of a session's cookie, or the guest."""
        sid = _read_sid(cookie)
        if sid in ("", GUEST):
            return Caller(GUEST)
        user = self._sessions.get(sid)
        return Caller(GUEST, session_expired=True) if user is None else Caller(user, sid=sid)

    def answer(self, store: Store, caller: Caller, call: Call) -> Answer:
        """Answer `login` or `logout`."""
        if call.target.method == "logout":
            self._sessions.pop(caller.sid, None)
            body = {"message": "No App", "home_page": "/login", "full_name": GUEST}
            return _answer(body, GUEST_COOKIES + EXPIRED_COOKIES)
        return self._log_in(store, call)

    def _log_in(self, store: Store, call: Call) -> Answer:
        username, password = (str(call.params.get(name) or "") for name in ("usr", "pwd"))
        settings = _single(store, "System Settings")
        if settings.get("disable_user_pass_login"):
            raise refusals.login_forbidden("Login with username and password is not allowed.")
        if not username or not password:
            raise refusals.login_failed("Incomplete login details")
        address = call.headers.get("x-forwarded-for", LOCAL_ADDRESS).split(",")[0].strip()
        user = self._authenticate(store, username, password, address)
        name = str(user["name"])
        if settings.get("enable_two_factor_auth"):
            return _answer(
                {"verification": {"method": "OTP App", "setup": True}, "tmp_id": "0" * 8}
            )
        if name.lower() in self._expired:
            return _answer({"message": "Password Reset", "redirect_to": "/update-password?key=…"})
        sid = secrets.token_hex(28)
        self._sessions[sid] = name
        return _welcome(user, sid)

    def _authenticate(self, store: Store, username: str, password: str, address: str) -> Row:
        user = store.document_table("User").find(username) if "User" in store.doctypes else None
        self._refuse_locked(address)
        counted = [address] if user is None else [address, str(user["name"])]
        for key in counted[1:]:
            self._refuse_locked(key)
        if user is None or not self.fits(str(user["name"]), password):
            self._fail(counted)
            raise refusals.login_failed("Invalid login credentials")
        if not user.get("enabled") and user["name"] != "Administrator":
            self._fail(counted)
            raise refusals.login_failed("User disabled or missing")
        for key in counted:
            self._failures.pop(key, None)
        return user

    def _refuse_locked(self, key: str) -> None:
        failures = self._failures.get(key, _Failures())
        if failures.count > ALLOWED_FAILURES and self._now() - failures.since < LOCKED_S:
            raise refusals.locked(LOCKED_S)

    def _fail(self, keys: list[str]) -> None:
        for key in keys:
            failures = self._failures.setdefault(key, _Failures(since=self._now()))
            if self._now() - failures.since >= LOCKED_S:
                failures.count, failures.since = 0, self._now()
            failures.count += 1


def session_cookies(user: Row, sid: str) -> tuple[str, ...]:
    """Give the cookies that an answer to a signed-in user sets."""
    values = {
        "system_user": "yes" if _is_system_user(user) else "no",
        "full_name": quote(str(user.get("full_name") or "")),
        "user_id": quote(str(user["name"])),
        "user_image": quote(str(user.get("user_image") or "")),
    }
    plain = (f"{name}={value}; Path=/; SameSite=Lax" for name, value in values.items())
    return f"sid={sid}; Max-Age=612000; HttpOnly; Path=/; SameSite=Lax", *plain


def _welcome(user: Row, sid: str) -> Answer:
    message, home = ("Logged In", "/app/home") if _is_system_user(user) else ("No App", "/me")
    body = {"message": message, "home_page": home, "full_name": user.get("full_name")}
    return _answer(body, session_cookies(user, sid))


def _is_system_user(user: Row) -> bool:
    return user.get("user_type") == "System User"


def _answer(body: dict[str, Any], cookies: tuple[str, ...] = GUEST_COOKIES) -> Answer:
    return Answer(200, msgspec.json.encode(body), cookies=cookies)


def _single(store: Store, doctype: str) -> Row:
    found = store.document_table(doctype).find(doctype) if doctype in store.doctypes else None
    return found or {}


def _read_sid(cookie: str) -> str:
    try:
        sid = SimpleCookie(cookie).get("sid")
    except CookieError:
        return ""
    return "" if sid is None else sid.value
