"""Prove at an ERPNext who somebody is: by their password, or by their own API key and secret.

The warehouse keeps none of it: the session that a password opens is ended at once, and nothing of
a request or an answer gets into an error or a log. ERPNext counts failures by address, so the
employee's own is passed on. OAuth is not used: on the version tried, the user that a code stands
for is taken from a cookie that the browser may change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import httpx
import msgspec

from warehouse.erpnext.answers import UNAUTHORIZED, Answer, read_answer, read_exc_type
from warehouse.erpnext.certificates import trusted_certificates
from warehouse.errors import ErpContractBroken, ErpUnavailable, SignInRefused, SignInThrottled

if TYPE_CHECKING:
    from warehouse.settings import ErpInstance

TIMEOUT = httpx.Timeout(connect=5.0, read=20.0, write=10.0, pool=None)
LOCKED = "SecurityException"
LOCKED_S = 60.0  # ERPNext's default; its answer does not say in a form to rely on
LOGGED_IN, PASSWORD_EXPIRED = "Logged In", "Password Reset"
NO_DESK = "No App"
GUEST = "Guest"
USE_KEY = "Link this ERPNext with your own API key and secret (User > Settings > API Access)."


class ErpLogin:
    """Asks one ERPNext on behalf of one employee, at `address`; an async context manager."""

    def __init__(
        self,
        erp: ErpInstance,
        address: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._instance = erp.instance
        self._http = httpx.AsyncClient(
            base_url=erp.url,
            headers={"Accept": "application/json", "X-Forwarded-For": address},
            timeout=TIMEOUT,
            transport=transport,
            verify=trusted_certificates(),
            trust_env=erp.url.startswith("https:"),  # as for the warehouse's own reads
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self._http.__aexit__()

    async def prove_password(self, username: str, password: str) -> str:
        """Return the canonical name of the user whose user name and password these are.

        Raises:
            SignInRefused: if they are wrong, or ERPNext wants more than a password.
            SignInThrottled: if ERPNext has locked the user or the address.
            ErpError: if it can't be asked, or answers otherwise than Frappe does.
        """
        # Sessions of mobile devices are limited apart, so this one throws nobody out of the desk.
        form = {"usr": username, "pwd": password, "device": "mobile"}
        try:
            self._judge_login(await self._send("POST", "login", data=form))
            return await self._ask_user()
        finally:
            await self._end_session()

    async def prove_key(self, api_key: str, api_secret: str) -> str:
        """Return the user whose API key and secret these are; raises as `prove_password`."""
        return await self._ask_user(Authorization=f"token {api_key}:{api_secret}")

    async def _end_session(self) -> None:
        if any(cookie.name == "sid" and cookie.value != GUEST for cookie in self._http.cookies.jar):
            # Frappe takes GET here, and for POST would want a CSRF token.
            await self._send("GET", "logout")
            self._http.cookies.clear()

    def _judge_login(self, response: httpx.Response) -> None:
        """Return if ERPNext has let the user in."""
        body = _decode(response)
        exc_type = read_exc_type(body)
        if exc_type in UNAUTHORIZED or response.status_code == httpx.codes.UNAUTHORIZED:
            # What is thrown after the password was right, or would not be looked at: restricted
            # addresses or hours, sign-in by password switched off. A wrong one has `message`.
            if "_server_messages" in body and "message" not in body:
                raise SignInRefused(
                    f"{self._instance} takes no password from this user now.",
                    code="erp_password_refused",
                    cure=USE_KEY,
                )
            raise SignInRefused
        if exc_type == LOCKED:
            raise SignInThrottled(retry_after_s=LOCKED_S)
        body = self._read(response, "sign-in")
        if "verification" in body or "tmp_id" in body:
            raise SignInRefused(
                f"{self._instance} asks this user for a second factor.",
                code="erp_two_factor",
                cure=USE_KEY,
            )
        if body.get("message") == PASSWORD_EXPIRED:
            raise SignInRefused(
                f"The password has expired in {self._instance}.",
                code="erp_password_expired",
                cure="Set a new one there first.",
            )
        if body.get("message") == NO_DESK:
            raise SignInRefused(
                "Who may only use an ERPNext's website can't sign in here.", code="erp_user_unfit"
            )
        if body.get("message") != LOGGED_IN:
            raise self._broken("sign-in")

    async def _ask_user(self, **headers: str) -> str:
        response = await self._send("GET", "frappe.auth.get_logged_user", headers=headers)
        if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise SignInRefused
        user = self._read(response, "logged-in user").get("message")
        if not isinstance(user, str) or not user:
            raise self._broken("logged-in user")
        return user

    async def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            return await self._http.request(method, f"/api/method/{path}", **content)
        except httpx.HTTPError as error:
            failure = type(error).__name__
        # Raised out here: httpx's error holds the request, and the request holds the password.
        raise ErpUnavailable(
            f"{self._instance} did not answer ({failure}).",
            instance=self._instance,
            cure="Try again in a moment; if it persists, tell those who look after it.",
        )

    def _read(self, response: httpx.Response, request: str) -> dict[str, Any]:
        return read_answer(
            Answer(
                instance=self._instance,
                request=request,
                status=response.status_code,
                content_type=response.headers.get("content-type", ""),
                body=response.content,
                retry_after=response.headers.get("retry-after"),
            )
        )

    def _broken(self, request: str) -> ErpContractBroken:
        return ErpContractBroken(
            f"{self._instance} answered the {request} otherwise than Frappe does.",
            instance=self._instance,
            cure=f"Check ERP__{self._instance.upper()}__URL and the ERP's version (13 to 16).",
        )


def _decode(response: httpx.Response) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
