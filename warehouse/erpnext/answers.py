"""Tell from an HTTP answer what it means: data, or one of our errors.

The one place where ERPNext's errors are classified, in the order `exc_type`, status, content type:
Frappe answers 417 for most mistakes, 500 for a wrong DocType and 503 for maintenance, so a status
alone says little. Texts of the ERP are not repeated in our errors: they name users and documents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import msgspec

from warehouse.errors import (
    ErpContractBroken,
    ErpInMaintenance,
    ErpRejected,
    ErpThrottled,
    ErpUnauthorized,
    ErpUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from warehouse.errors import ErpError

UNAUTHORIZED = frozenset(
    {
        "AuthenticationError",
        "InvalidAuthorizationHeader",
        "InvalidAuthorizationPrefix",
        "InvalidAuthorizationToken",
    }
)
# RateLimitExceededError is a ValidationError, and so a 417, up to version 14.
THROTTLED = frozenset({"TooManyRequestsError", "RateLimitExceededError"})
MAINTENANCE = frozenset({"SessionStopped", "InReadOnlyMode"})
# Server-side conditions that pass by themselves; any other exception behind a 5xx is a mistake in
# the request or in an app, and the same request fails again.
PASSING = frozenset(
    {
        "BusyLoadingError",
        "ConnectionError",
        "InterfaceError",
        "InternalError",
        "MemoryError",
        "OperationalError",
        "QueryDeadlockError",
        "QueryTimeoutError",
        "RedisError",
        "TimeoutError",
    }
)
DEFAULT_RETRY_AFTER_S = 300.0

_SQL_MISTAKE = re.compile(r"\((?:1054|1064|1146),")
_UNKNOWN_FIELD = re.compile(r"Field not permitted in query: (\w+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer of `instance` to `request`, a description free of names and secrets."""

    instance: str
    request: str
    status: int
    content_type: str
    body: bytes
    retry_after: str | None = None


def read_answer(answer: Answer) -> dict[str, Any]:
    """Return the decoded JSON object of a good answer.

    Raises:
        ErpUnauthorized, ErpThrottled, ErpInMaintenance, ErpUnavailable, ErpRejected,
        ErpContractBroken: as the module says; source: ERPNext 13 to 16, recordings `err_*`.
    """
    body = _decode(answer.body)
    if 200 <= answer.status < 300 and isinstance(body, dict):  # noqa: PLR2004
        return body
    raise classify(answer, body if isinstance(body, dict) else {})


def classify(answer: Answer, body: dict[str, Any]) -> ErpError:
    """Return the error that `answer`, whose JSON object is `body` (empty if it had none), means."""
    exc_type = read_exc_type(body)
    by_exc_type: tuple[tuple[frozenset[str], Callable[[Answer, str], ErpError]], ...] = (
        (UNAUTHORIZED, _unauthorized),
        (THROTTLED, _throttled),
        (MAINTENANCE, _in_maintenance),
        (PASSING, _unavailable),
    )
    for names, build in by_exc_type:
        if exc_type in names and not (names is PASSING and is_sql_mistake(body)):
            return build(answer, exc_type)
    if exc_type:
        return _rejected(answer, exc_type, _unknown_field(body))
    return _by_status(answer, bool(body))


def is_sql_mistake(body: dict[str, Any]) -> bool:
    """Say whether MariaDB refused the query itself: an unknown column or table, a syntax error.

    pymysql calls that an OperationalError too, as it does a lost connection.
    """
    return bool(_SQL_MISTAKE.search(str(body.get("exception", ""))))


def read_exc_type(body: dict[str, Any]) -> str:
    """Return the exception's name in a v1 or v2 error, or an empty string.

    A Python name and nothing else: another text is not Frappe's, and would be shown in our errors.
    """
    exc_type = body.get("exc_type")
    if not exc_type:
        errors = body.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else None
        exc_type = first.get("type") if isinstance(first, dict) else None
    return exc_type if isinstance(exc_type, str) and exc_type.isidentifier() else ""


def parse_retry_after(value: str | None) -> float:
    """Return the seconds of a `Retry-After` header, which holds seconds or an HTTP date."""
    if not value:
        return DEFAULT_RETRY_AFTER_S
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_RETRY_AFTER_S


def _by_status(answer: Answer, is_json: bool) -> ErpError:  # noqa: FBT001
    status = answer.status
    if status == 401:  # noqa: PLR2004
        return _unauthorized(answer, "no exc_type")
    if status == 429:  # noqa: PLR2004
        return _throttled(answer, "no exc_type")
    if status >= 500:  # noqa: PLR2004
        return _unavailable(answer, "no exc_type")
    if status >= 400 and is_json:  # noqa: PLR2004
        return _rejected(answer, "", None)
    return _contract_broken(answer)


def _decode(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _unknown_field(body: dict[str, Any]) -> str | None:
    for key in ("exception", "_server_messages"):
        found = _UNKNOWN_FIELD.search(str(body.get(key, "")))
        if found:
            return found.group(1)
    return None


def _unauthorized(answer: Answer, exc_type: str) -> ErpError:
    return ErpUnauthorized(
        f"{answer.instance} refused the API key ({answer.status} {exc_type}).",
        instance=answer.instance,
        cure=(
            "Generate new keys for the integration user in ERPNext (User > Settings > API Access) "
            f"and set ERP__{answer.instance.upper()}__API_KEY and __API_SECRET."
        ),
        request=answer.request,
    )


def _throttled(answer: Answer, exc_type: str) -> ErpError:
    seconds = parse_retry_after(answer.retry_after)
    return ErpThrottled(
        f"{answer.instance} has used up its rate limit ({answer.status} {exc_type}); "
        f"it answers again in {seconds:.0f} s.",
        instance=answer.instance,
        retry_after_s=seconds,
        cure="Nothing to do: the next run continues where this one stopped.",
        request=answer.request,
    )


def _in_maintenance(answer: Answer, exc_type: str) -> ErpError:
    return ErpInMaintenance(
        f"{answer.instance} is in maintenance ({answer.status} {exc_type}).",
        instance=answer.instance,
        cure="Nothing to do: the next run continues when the site is back.",
        request=answer.request,
    )


def _unavailable(answer: Answer, exc_type: str) -> ErpError:
    return ErpUnavailable(
        f"{answer.instance} failed at the {answer.request} ({answer.status} {exc_type}).",
        instance=answer.instance,
        cure="If it persists, look into the ERP's Error Log and its web server's log.",
        request=answer.request,
    )


def _rejected(answer: Answer, exc_type: str, unknown_field: str | None) -> ErpError:
    field = f": unknown field {unknown_field}" if unknown_field else ""
    cures = {
        "PermissionError": "Give the integration user a role that may read it.",
        "DoesNotExistError": "It was deleted or renamed meanwhile; the next run sees it as it is.",
    }
    return ErpRejected(
        f"{answer.instance} rejected the {answer.request} "
        f"({answer.status} {exc_type or 'no exc_type'}{field}).",
        instance=answer.instance,
        status=answer.status,
        exc_type=exc_type,
        cure=cures.get(exc_type, "Look into the ERP's Error Log for the cause."),
        request=answer.request,
        unknown_field=unknown_field,
    )


def _contract_broken(answer: Answer) -> ErpError:
    kind = answer.content_type.partition(";")[0] or "nothing"
    return ErpContractBroken(
        f"{answer.instance} answered the {answer.request} with {kind} where JSON was due "
        f"(status {answer.status}).",
        instance=answer.instance,
        cure=(
            f"Check that ERP__{answer.instance.upper()}__URL is the address of the ERPNext site "
            "itself, and that no proxy or firewall answers in its place."
        ),
        request=answer.request,
    )
