"""Answers of the routes that are read most: encoded at once, in the form in which ASGI takes them.

Litestar's own way there merges headers, cookies and encoders that these have not, and takes as long
as encoding a document does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec
from litestar import Response
from litestar.status_codes import HTTP_200_OK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar.types import Receive, Scope, Send

T = TypeVar("T")

# MongoDB's integers of more than 32 bits are a kind of int that msgspec does not know. Exact
# decimals are JSON numbers of just their digits.
encode = msgspec.json.Encoder(enc_hook=int, decimal_format="number").encode


class Answer(Response[T]):
    """JSON of `content`, an object of the type that the route documents; None: no body."""

    def __init__(
        self,
        content: T | None,
        *,
        headers: Mapping[str, str] | None = None,
        status_code: int = HTTP_200_OK,
    ) -> None:
        self._body = b"" if content is None else encode(content)
        own = () if content is None else _describe(self._body)
        sent = (headers or {}).items()
        self._head = [(key.lower().encode(), value.encode("latin-1")) for key, value in sent]
        self._head += own
        self._status = status_code

    def to_asgi_response(self, *_: Any, **__: Any) -> Self:  # type: ignore[override]
        """Return this: it is an ASGI app."""
        return self

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self._status, "headers": self._head})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


def _describe(body: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    )
