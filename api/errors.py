"""Every error that the API sends: one table, and the way from an exception to its problem+json.

Litestar's own answers take the same way: an unknown path, a wrong method, a parameter of the wrong
type, and whatever nobody foresaw, of which nothing but its code is shown.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.status_codes import (
    HTTP_400_BAD_REQUEST,
    HTTP_401_UNAUTHORIZED,
    HTTP_403_FORBIDDEN,
    HTTP_404_NOT_FOUND,
    HTTP_405_METHOD_NOT_ALLOWED,
    HTTP_409_CONFLICT,
    HTTP_429_TOO_MANY_REQUESTS,
    HTTP_500_INTERNAL_SERVER_ERROR,
    HTTP_503_SERVICE_UNAVAILABLE,
)
from pymongo.errors import ConnectionFailure

from api.schemas.problems import PROBLEM_JSON, Problem
from warehouse.errors import (
    AccessError,
    ErpError,
    NotReadable,
    QueryRefused,
    ReadError,
    SignInThrottled,
    TooManyExports,
)

if TYPE_CHECKING:
    from litestar import Request
    from litestar.types import Scope

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
        Kind("too_many_groups", HTTP_400_BAD_REQUEST, "There are too many groups"),
        Kind("too_many_filters", HTTP_400_BAD_REQUEST, "There are too many filters"),
        Kind("cursor_invalid", HTTP_400_BAD_REQUEST, "The cursor can't be read"),
        Kind("cursor_mismatch", HTTP_400_BAD_REQUEST, "The cursor belongs to another query"),
        Kind("password_unfit", HTTP_400_BAD_REQUEST, "The password can't be taken"),
        Kind("proof_unfit", HTTP_400_BAD_REQUEST, "The proof is not whole"),
        Kind("bad_request", HTTP_400_BAD_REQUEST, "The request can't be understood"),
        Kind(
            "not_authenticated",
            HTTP_401_UNAUTHORIZED,
            "Not signed in",
            "Sign in, or send a token as Authorization: Bearer <token>.",
        ),
        Kind("sign_in_failed", HTTP_401_UNAUTHORIZED, "The sign-in failed"),
        Kind("erp_password_refused", HTTP_403_FORBIDDEN, "ERPNext takes no password now"),
        Kind("erp_two_factor", HTTP_403_FORBIDDEN, "ERPNext asks for a second factor"),
        Kind("erp_password_expired", HTTP_403_FORBIDDEN, "The password has expired in ERPNext"),
        Kind("erp_user_unfit", HTTP_403_FORBIDDEN, "This ERPNext user can't be used here"),
        Kind("password_wrong", HTTP_403_FORBIDDEN, "The current password is wrong"),
        Kind("operators_only", HTTP_403_FORBIDDEN, "Only operators may see this"),
        Kind(
            "token_read_only",
            HTTP_403_FORBIDDEN,
            "A token is for reading",
            "Sign in to change something.",
        ),
        Kind(
            "cross_site_request",
            HTTP_403_FORBIDDEN,
            "A page of another site sent this",
            "Changes are taken from pages of this site only.",
        ),
        Kind(
            "dataset_needs_full_access",
            HTTP_403_FORBIDDEN,
            "The figures are made of more than you may read",
        ),
        Kind("not_found", HTTP_404_NOT_FOUND, "Not found", NotReadable().message),
        Kind(
            "method_not_allowed",
            HTTP_405_METHOD_NOT_ALLOWED,
            "The method is not allowed",
            "The header Allow names those that are.",
        ),
        Kind("link_exists", HTTP_409_CONFLICT, "Another user of this ERPNext is linked"),
        Kind("link_taken", HTTP_409_CONFLICT, "The ERPNext user is linked to another account"),
        Kind("password_unset", HTTP_409_CONFLICT, "The account has no portal password"),
        Kind("too_many_tokens", HTTP_409_CONFLICT, "There are too many tokens"),
        Kind("too_many_exports", HTTP_429_TOO_MANY_REQUESTS, "Too many exports are running"),
        Kind("sign_in_throttled", HTTP_429_TOO_MANY_REQUESTS, "Too many sign-ins have failed"),
        Kind(
            "internal_error",
            HTTP_500_INTERNAL_SERVER_ERROR,
            "Something went wrong here",
            "It was logged under the request id that this answer carries.",
        ),
        Kind(
            "access_snapshot_stale",
            HTTP_503_SERVICE_UNAVAILABLE,
            "Who may read in this ERP is not known at present",
        ),
        Kind("query_too_slow", HTTP_503_SERVICE_UNAVAILABLE, "The query takes too long"),
        Kind(
            "datastore_unavailable",
            HTTP_503_SERVICE_UNAVAILABLE,
            "MongoDB does not answer",
            "Try again in a moment.",
        ),
        Kind(
            "erp_unavailable",
            HTTP_503_SERVICE_UNAVAILABLE,
            "The ERPNext can't be asked",
            "Try again in a moment; if it persists, tell those who look after it.",
        ),
    )
}
_BY_STATUS = {
    HTTP_401_UNAUTHORIZED: "not_authenticated",
    HTTP_404_NOT_FOUND: "not_found",
    HTTP_405_METHOD_NOT_ALLOWED: "method_not_allowed",
}
HEADERS = {
    HTTP_401_UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="csa"'},
    HTTP_503_SERVICE_UNAVAILABLE: {"Retry-After": RETRY_AFTER_S},
}

OF_CHANGES = ("cross_site_request", "token_read_only", "invalid_value", "bad_request")
OF_PROOFS = (
    *("sign_in_failed", "sign_in_throttled", "erp_unavailable"),
    *("erp_password_refused", "erp_two_factor", "erp_password_expired", "erp_user_unfit"),
)
ALWAYS = ("not_authenticated", "internal_error", "datastore_unavailable")
OF_PARAMETERS = ("unknown_parameter", "repeated_parameter", "invalid_value", "bad_request")
OF_LISTS = (
    *("unknown_field", "unknown_operator", "too_many_filters"),
    *("cursor_invalid", "cursor_mismatch", "query_too_slow"),
)
# What routes over the documents of an ERP can fail with.
OF_READS = ("not_found", "access_snapshot_stale")


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
    log_internal(problem, request.scope, error)
    headers = dict(HEADERS.get(problem.status, {}))
    if isinstance(error, HTTPException) and problem.status == HTTP_405_METHOD_NOT_ALLOWED:
        headers |= error.headers or {}
    if isinstance(error, SignInThrottled | TooManyExports):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    return Response(problem, status_code=problem.status, media_type=PROBLEM_JSON, headers=headers)


def log_internal(problem: Problem, scope: Scope, error: Exception) -> None:
    """Log an error that its answer does not tell about."""
    request_id = scope.get("request_id")
    if problem.status == HTTP_500_INTERNAL_SERVER_ERROR:
        _log.error("request %s failed", request_id, exc_info=error)
    elif isinstance(error, ErpError):
        _log.warning("request %s: %s", request_id, error)


def describe(error: Exception) -> Problem:
    """Return the problem that an exception is to whoever asked."""
    if isinstance(error, ReadError | AccessError) and error.code in KINDS:
        parameter = error.parameter if isinstance(error, QueryRefused) else None
        return make_problem(error.code, str(error), parameter)
    if isinstance(error, ErpError):
        return make_problem("erp_unavailable")
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


def _describe_validation(error: ValidationException) -> Problem:
    for wrong in error.extra or ():
        if isinstance(wrong, dict) and wrong.get("key"):
            parameter = str(wrong["key"])
            return make_problem("invalid_value", f"{parameter}: {wrong['message']}.", parameter)
    # Litestar tells of a parameter that is missing in prose only.
    return make_problem("bad_request", "A required parameter is missing.")
