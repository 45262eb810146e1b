"""Every error that the API sends: one table, and the way from an exception to its problem+json.

Litestar's own answers take the same way: an unknown path, a wrong method, a parameter of the wrong
type, and whatever nobody foresaw, of which nothing but its code is shown.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.status_codes import (
    HTTP_400_BAD_REQUEST,
    HTTP_401_UNAUTHORIZED,
    HTTP_404_NOT_FOUND,
    HTTP_405_METHOD_NOT_ALLOWED,
    HTTP_500_INTERNAL_SERVER_ERROR,
    HTTP_503_SERVICE_UNAVAILABLE,
)
from pymongo.errors import ConnectionFailure

from api.schemas.problems import PROBLEM_JSON, Problem
from warehouse.errors import NotReadable, QueryRefused, ReadError

if TYPE_CHECKING:
    from litestar import Request

_log = logging.getLogger(__name__)

TYPE_PREFIX = "urn:csa-data-warehouse:problem:"
RETRY_AFTER_S = "5"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem; `detail` is what is told when the error has nothing more exact."""

    code: str
    status: int
    title: str
    detail: str = ""


KINDS = {
    kind.code: kind
    for kind in (
        Kind("unknown_parameter", HTTP_400_BAD_REQUEST, "There is no such parameter"),
        Kind("repeated_parameter", HTTP_400_BAD_REQUEST, "The parameter is given more than once"),
        Kind("unknown_field", HTTP_400_BAD_REQUEST, "The DocType has no such field"),
        Kind("unknown_operator", HTTP_400_BAD_REQUEST, "The field has no such operator"),
        Kind("invalid_value", HTTP_400_BAD_REQUEST, "The value does not fit the parameter"),
        Kind("too_many_filters", HTTP_400_BAD_REQUEST, "There are too many filters"),
        Kind("cursor_invalid", HTTP_400_BAD_REQUEST, "The cursor can't be read"),
        Kind("cursor_mismatch", HTTP_400_BAD_REQUEST, "The cursor belongs to another query"),
        Kind("bad_request", HTTP_400_BAD_REQUEST, "The request can't be understood"),
        Kind(
            "not_authenticated",
            HTTP_401_UNAUTHORIZED,
            "Not signed in",
            "Send the token as Authorization: Bearer <token>.",
        ),
        Kind("not_found", HTTP_404_NOT_FOUND, "Not found", NotReadable().message),
        Kind(
            "method_not_allowed",
            HTTP_405_METHOD_NOT_ALLOWED,
            "The method is not allowed",
            "This API is for reading: GET.",
        ),
        Kind(
            "internal_error",
            HTTP_500_INTERNAL_SERVER_ERROR,
            "Something went wrong here",
            "It was logged under the request id that this answer carries.",
        ),
        Kind("query_too_slow", HTTP_503_SERVICE_UNAVAILABLE, "The query takes too long"),
        Kind(
            "datastore_unavailable",
            HTTP_503_SERVICE_UNAVAILABLE,
            "MongoDB does not answer",
            "Try again in a moment.",
        ),
    )
}
_BY_STATUS = {
    HTTP_401_UNAUTHORIZED: "not_authenticated",
    HTTP_404_NOT_FOUND: "not_found",
    HTTP_405_METHOD_NOT_ALLOWED: "method_not_allowed",
}
_HEADERS = {
    HTTP_401_UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="csa"'},
    HTTP_503_SERVICE_UNAVAILABLE: {"Retry-After": RETRY_AFTER_S},
}

ALWAYS = ("not_authenticated", "internal_error", "datastore_unavailable")
OF_PARAMETERS = ("unknown_parameter", "repeated_parameter", "invalid_value", "bad_request")
OF_LISTS = (
    *("unknown_field", "unknown_operator", "too_many_filters"),
    *("cursor_invalid", "cursor_mismatch", "query_too_slow"),
)


def document_errors(*codes: str) -> dict[int, ResponseSpec]:
    """Return the answers of a route that can fail with `codes`, for its `responses`.

    Litestar documents errors in a shape of its own (litestar issue 4523); these take its place.
    """
    by_status: dict[int, list[Kind]] = {}
    for code in codes:
        kind = KINDS[code]
        by_status.setdefault(kind.status, []).append(kind)
    return {
        status: ResponseSpec(
            data_container=Problem,
            description="; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds),
            media_type=PROBLEM_JSON,
            generate_examples=False,
        )
        for status, kinds in sorted(by_status.items())
    }


def to_response(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Return the answer to a request that ended in `error`."""
    problem = describe(error)
    if problem.status == HTTP_500_INTERNAL_SERVER_ERROR:
        _log.error("request %s failed", request.scope.get("request_id"), exc_info=error)
    headers = dict(_HEADERS.get(problem.status, {}))
    if isinstance(error, HTTPException) and problem.status == HTTP_405_METHOD_NOT_ALLOWED:
        headers |= error.headers or {}
    return Response(problem, status_code=problem.status, media_type=PROBLEM_JSON, headers=headers)


def describe(error: Exception) -> Problem:
    """Return the problem that an exception is to whoever asked."""
    if isinstance(error, ReadError):
        parameter = error.parameter if isinstance(error, QueryRefused) else None
        return make_problem(error.code, str(error), parameter)
    if isinstance(error, ConnectionFailure):
        return make_problem("datastore_unavailable")
    if isinstance(error, ValidationException):
        return _describe_validation(error)
    if isinstance(error, HTTPException) and error.status_code < HTTP_500_INTERNAL_SERVER_ERROR:
        return make_problem(_BY_STATUS.get(error.status_code, "bad_request"))
    return make_problem("internal_error")


def make_problem(code: str, detail: str = "", parameter: str | None = None) -> Problem:
    """Return a problem of the kind that `code` names."""
    kind = KINDS[code]
    return Problem(
        type=TYPE_PREFIX + code,
        title=kind.title,
        status=kind.status,
        code=code,
        detail=detail or kind.detail or kind.title,
        parameter=msgspec.UNSET if parameter is None else parameter,
    )


def unauthenticated() -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return status, headers and body of the answer to a stranger."""
    body = msgspec.json.encode(make_problem("not_authenticated"))
    own = _HEADERS[HTTP_401_UNAUTHORIZED] | {
        "Content-Type": PROBLEM_JSON,
        "Content-Length": str(len(body)),
    }
    headers = [(name.lower().encode(), value.encode()) for name, value in own.items()]
    return HTTP_401_UNAUTHORIZED, headers, body


def _describe_validation(error: ValidationException) -> Problem:
    for wrong in error.extra or ():
        if isinstance(wrong, dict) and wrong.get("key"):
            parameter = str(wrong["key"])
            return make_problem("invalid_value", f"{parameter}: {wrong['message']}.", parameter)
    # Litestar tells of a parameter that is missing in prose only.
    return make_problem("bad_request", "A required parameter is missing.")
