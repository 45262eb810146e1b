"""Answers of the routes that are read most: encoded at once, in the form in which ASGI takes them.

Litestar's own way there merges headers, cookies and encoders that these have not, and takes as long
as encoding a document does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec
from litestar import Response
from litestar.status_codes import HTTP_200_OK, HTTP_304_NOT_MODIFIED

from api.etags import is_known

if TYPE_CHECKING:
    from litestar.types import Receive, Scope, Send

T = TypeVar("T")

CONTENT_TYPE = (b"content-type", b"application/json")
REVALIDATED = (b"cache-control", b"private, no-cache")

# MongoDB's integers of more than 32 bits are a kind of int that msgspec does not know. Exact
# decimals are JSON numbers of just their digits.
encode = msgspec.json.Encoder(enc_hook=int, decimal_format="number").encode


class Answer(Response[T]):
    """JSON of `content`, an object of the type that the route documents.

    With an `etag`, whoever has the answer already is told just that: 304, and no body.
    """

    def __init__(self, content: T, *, etag: str | None = None) -> None:
        self._body = encode(content)
        self._etag = etag

    def to_asgi_response(self, *_: Any, **__: Any) -> Self:  # type: ignore[override]
        """Return this: it is an ASGI app."""
        return self

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        head = [CONTENT_TYPE, (b"content-length", b"%d" % len(self._body))]
        status, body = HTTP_200_OK, self._body
        if self._etag is not None:
            tagged = [(b"etag", self._etag.encode("ascii")), REVALIDATED]
            if is_known(self._etag, scope["headers"]):
                status, body, head = HTTP_304_NOT_MODIFIED, b"", []
            head += tagged
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": body, "more_body": False})
