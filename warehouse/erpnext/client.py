"""One ERPNext instance over REST: authenticated requests in, decoded answers out.

Reads only, by methods that ERPNext 13 to 16 share. POST where a filter may be long: gunicorn cuts
a URL at 4,094 bytes. The number of requests in flight is the instance's, however many tasks ask.
"""

from __future__ import annotations

import asyncio
import copy
import time
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Self, TypeGuard

import httpx
import msgspec

from warehouse.erpnext.answers import Answer, read_answer
from warehouse.erpnext.certificates import trusted_certificates
from warehouse.erpnext.pacing import RateLimit
from warehouse.erpnext.query import INVENTORY_COLUMNS
from warehouse.erpnext.retrying import RetryBudget, retrying
from warehouse.errors import ErpContractBroken, ErpTimedOut, ErpUnavailable

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

    from warehouse.erpnext.query import Filter, ListQuery
    from warehouse.erpnext.retrying import Sleep
    from warehouse.settings import ErpInstance

TIMEOUT = httpx.Timeout(connect=10.0, read=120.0, write=30.0, pool=None)


@dataclass(slots=True)
class Usage:
    """What an instance was asked for: requests sent, bytes received, seconds waited."""

    requests: int = 0
    retries: int = 0
    received_bytes: int = 0
    seconds: float = 0.0
    whole: Usage | None = None

    def add(self, **amounts: float) -> None:
        """Count here and in the whole that this is a part of."""
        for name, amount in amounts.items():
            setattr(self, name, getattr(self, name) + amount)
        if self.whole:
            self.whole.add(**amounts)


class TokenAuth(httpx.Auth):
    """Frappe's `Authorization: token key:secret`, added when a request leaves."""

    def __init__(self, instance: ErpInstance) -> None:
        self._instance = instance

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the request."""
        key = self._instance.api_key.get_secret_value()
        secret = self._instance.api_secret.get_secret_value()
        request.headers["Authorization"] = f"token {key}:{secret}"
        yield request


class ErpClient:
    """Reads from one ERPNext instance; use as an async context manager.

    Every method raises the ErpError that `warehouse.erpnext.answers` makes of a bad answer, after
    the retries of `warehouse.erpnext.retrying`. `transport` and `sleep` are there for tests.
    """

    def __init__(
        self,
        instance: ErpInstance,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
        budget: RetryBudget | None = None,
    ) -> None:
        self.instance = instance.instance
        self.usage = Usage()
        self.budget = budget or RetryBudget()
        self.rate_limit = RateLimit()
        self._sleep = sleep
        self._slots = asyncio.Semaphore(instance.max_concurrency)
        self._http = httpx.AsyncClient(
            base_url=instance.url,
            auth=TokenAuth(instance),
            headers={"Accept": "application/json"},
            # Every answer sets five cookies of the user Guest; with a cookie and a token together
            # the cookie's user would win.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=TIMEOUT,
            transport=transport,
            verify=trusted_certificates(),
            limits=httpx.Limits(max_connections=instance.max_concurrency),
            # http is for loopback only, and a proxy named in the environment is not on loopback:
            # it would get the key in clear text, and not find the site.
            trust_env=instance.url.startswith("https:"),
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.__aexit__(kind, error, traceback)

    def part(self) -> ErpClient:
        """Return this client with a usage of its own, which counts into this one's too."""
        part = copy.copy(self)
        part.usage = Usage(whole=self.usage)
        return part

    async def list_rows(self, query: ListQuery) -> list[dict[str, Any]]:
        """Return the rows of a list; nulls kept, no child tables."""
        request = f"list of {query.doctype}"
        rows = await self._ask("POST", "frappe.client.get_list", request, json=query.body())
        wanted = {column for column in INVENTORY_COLUMNS if {column, "*"} & {*query.fields}}
        if not isinstance(rows, list) or not all(_has(row, wanted) for row in rows):
            raise self._broken(request)
        return rows

    async def count(self, doctype: str, filters: tuple[Filter, ...] = ()) -> int:
        """Return the number of documents that the key may read.

        `frappe.desk.reportview.get_count` and not `frappe.client.get_count`, which ignores
        permissions up to version 15.
        """
        qualified = [[doctype, *condition] for condition in filters]
        request = f"count of {doctype}"
        params = {"doctype": doctype, "filters": msgspec.json.encode(qualified).decode()}
        number = await self._ask("GET", "frappe.desk.reportview.get_count", request, params=params)
        if not isinstance(number, int) or isinstance(number, bool):
            raise self._broken(request)
        return number

    async def read(self, doctype: str, name: str | int | None = None) -> dict[str, Any]:
        """Return one document with its children, nulls kept; without a name, of a Single.

        By parameter and not by path, since a path can't carry a name that ends in a slash.
        """
        params = {"doctype": doctype} | ({} if name is None else {"name": str(name)})
        request = f"single read of {doctype}"
        document = await self._ask("GET", "frappe.client.get", request, params=params)
        if not _has(document, {"name"}):
            raise self._broken(request)
        return document

    async def read_metas(self, doctype: str) -> list[dict[str, Any]]:
        """Return the merged meta of a DocType, followed by those of its child tables."""
        request = f"meta of {doctype}"
        body = await self._send(
            "GET", "frappe.desk.form.load.getdoctype", request, params={"doctype": doctype}
        )
        metas = body.get("docs")
        if not isinstance(metas, list) or not all(_has(meta, {"name", "fields"}) for meta in metas):
            raise self._broken(request)
        if not metas or metas[0]["name"] != doctype:
            raise self._broken(request)
        return metas

    async def read_time_zone(self) -> str:
        """Return the site's time zone, an IANA name."""
        answer = await self._ask("GET", "frappe.client.get_time_zone", "time zone")
        zone = answer.get("time_zone") if isinstance(answer, dict) else None
        if not isinstance(zone, str):
            raise self._broken("time zone")
        return zone

    async def read_versions(self) -> dict[str, str]:
        """Return app → version of every installed app."""
        answer = await self._ask("GET", "frappe.utils.change_log.get_versions", "versions")
        if not isinstance(answer, dict) or not all(_has(app, set()) for app in answer.values()):
            raise self._broken("versions")
        return {app: str(about.get("version", "")) for app, about in answer.items()}

    async def read_logged_user(self) -> str:
        """Return the user that the key belongs to."""
        user = await self._ask("GET", "frappe.auth.get_logged_user", "logged-in user")
        if not isinstance(user, str):
            raise self._broken("logged-in user")
        return user

    async def read_user_permissions(self) -> dict[str, Any]:
        """Return the User Permissions of the key's own user: DocType → what is allowed of it.

        A list of User Permission would not do: those on DocType hide themselves there.
        """
        path = "frappe.core.doctype.user_permission.user_permission.get_user_permissions"
        permissions = await self._ask("GET", path, "own User Permissions")
        if not _has(permissions, set()):
            raise self._broken("own User Permissions")
        return permissions

    async def _ask(self, method: str, path: str, request: str, **content: Any) -> Any:
        body = await self._send(method, path, request, **content)
        if "message" not in body:
            raise self._broken(request)
        return body["message"]

    async def _send(self, method: str, path: str, request: str, **content: Any) -> dict[str, Any]:
        async for attempt in retrying(self.budget, self._sleep):
            self.usage.add(retries=int(attempt.retry_state.attempt_number > 1))
            with attempt:
                return await self._try(method, f"/api/method/{path}", request, content)
        raise AssertionError  # tenacity either returns or raises

    async def _try(
        self, method: str, path: str, request: str, content: dict[str, Any]
    ) -> dict[str, Any]:
        async with self._slots:
            self.rate_limit.assert_left(self.instance, request)
            started = time.monotonic()
            try:
                # Streamed, since httpx's response is part of a cycle: with its body in it, pages
                # of many megabytes would stay until the garbage collector comes by.
                async with self._http.stream(method, path, **content) as response:
                    body = b"".join([chunk async for chunk in response.aiter_bytes()])
            except httpx.HTTPError as error:
                failure = type(error).__name__
            else:
                failure = ""
            self.usage.add(requests=1, seconds=time.monotonic() - started)
        if failure:
            # Raised out here: httpx's error holds the request, and the request holds the key.
            raise self._unreachable(request, failure)
        self.rate_limit.learn(response.headers)
        self.usage.add(received_bytes=len(body))
        return read_answer(
            Answer(
                instance=self.instance,
                request=request,
                status=response.status_code,
                content_type=response.headers.get("content-type", ""),
                body=body,
                retry_after=response.headers.get("retry-after"),
            )
        )

    def _unreachable(self, request: str, failure: str) -> ErpUnavailable:
        kind = ErpTimedOut if failure == httpx.ReadTimeout.__name__ else ErpUnavailable
        return kind(
            f"{self.instance} did not answer the {request} ({failure}).",
            instance=self.instance,
            cure=(
                "Check that the ERP is up and reachable from here; the next run goes on where "
                "this one stopped."
            ),
            request=request,
        )

    def _broken(self, request: str) -> ErpContractBroken:
        return ErpContractBroken(
            f"{self.instance} answered the {request} with JSON of another shape than Frappe's.",
            instance=self.instance,
            cure=f"Check ERP__{self.instance.upper()}__URL and the ERP's version (13 to 16).",
            request=request,
        )


def _has(part: Any, keys: set[str]) -> TypeGuard[dict[str, Any]]:
    return isinstance(part, dict) and keys <= part.keys()
