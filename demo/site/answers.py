"""An answer of the site before it is sent, and what producing it would cost a real ERPNext."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.site.refusals import Refusal

JSON = "application/json"
HTML = "text/html; charset=utf-8"
GUEST_COOKIES = (
    "sid=Guest; Max-Age=612000; HttpOnly; Path=/; SameSite=Lax",
    "system_user=no; Path=/; SameSite=Lax",
    "full_name=Guest; Path=/; SameSite=Lax",
    "user_id=Guest; Path=/; SameSite=Lax",
    "user_image=; Path=/; SameSite=Lax",
)
EXPIRED_COOKIES = tuple(
    f"{name}=; Expires=Sun, 22 Nov 2026 02:12:36 GMT; Path=/"
    for name in ("user_image", "system_user", "full_name", "sid", "user_id")
)


@dataclass(frozen=True, slots=True)
class Effort:
    """What the answer is made of, which decides how long a real site takes for it."""

    documents: int = 0
    star_rows: int = 0
    child_rows: int = 0
    narrow_rows: int = 0

    @property
    def rows(self) -> int:
        """Count what was given."""
        return self.documents + self.star_rows + self.child_rows + self.narrow_rows


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers; `sent_bytes` below the body's length cuts the connection."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[str, ...] = GUEST_COOKIES
    sent_bytes: int | None = None
    effort: Effort = field(default_factory=Effort)

    def with_headers(self, *headers: tuple[str, str]) -> Answer:
        """Give the same answer with more headers."""
        return replace(self, headers=self.headers + headers)

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """Give the headers as ASGI sends them."""
        named = [
            ("content-type", self.content_type),
            ("content-length", str(len(self.body))),
            *self.headers,
            *(("set-cookie", cookie) for cookie in self.cookies),
        ]
        return [(name.encode(), value.encode("latin-1")) for name, value in named]


def keyed(
    key: str, value: bytes, effort: Effort | None = None, more: dict[str, str] | None = None
) -> Answer:
    """Answer 200 with one key, `data` or `message`, whose value is JSON already."""
    others = b"," + json.dumps(more).encode()[1:-1] if more else b""
    body = b'{"' + key.encode() + b'":' + value + others + b"}"
    return Answer(200, body, effort=effort or Effort())


def refused(refusal: Refusal, version: int, accept: str, *, tracebacks: bool = True) -> Answer:
    """Answer an error in the shape that the client's Accept asks for."""
    if not tracebacks:
        refusal = replace(refusal, exception=None)
    if not accept.startswith("text/"):
        expired = refusal.session_expired or refusal.exc_type == "AuthenticationError"
        cookies = GUEST_COOKIES + EXPIRED_COOKIES if expired else GUEST_COOKIES
        return Answer(refusal.status, refusal.body(version), cookies=cookies)
    if refusal.exc_type == "TooManyRequestsError":
        return Answer(refusal.status, b"Too Many Requests", "text/plain; charset=utf-8")
    return Answer(refusal.status, refusal.html(), HTML)


def bare_page(status: int, title: str, text: str) -> Answer:
    """Answer the page of a server in front of Frappe, which knows neither JSON nor cookies."""
    page = (
        f"<html>\n  <head>\n    <title>{title}</title>\n  </head>\n  <body>\n"
        f"    <h1><p>{title}</p></h1>\n    {text}\n  </body>\n</html>\n"
    )
    return Answer(status, page.encode(), "text/html", cookies=())


def control_answer(status: int, value: object) -> Answer:
    """Answer a control request."""
    return Answer(status, json.dumps(value).encode(), cookies=())
