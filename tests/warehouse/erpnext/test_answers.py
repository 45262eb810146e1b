"""What an HTTP answer means, with answers of our own making for every branch."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.erpnext.answers import (
    DEFAULT_RETRY_AFTER_S,
    MAINTENANCE,
    PASSING,
    THROTTLED,
    UNAUTHORIZED,
    Answer,
    parse_retry_after,
    read_answer,
    read_exc_type,
)
from warehouse.errors import (
    ErpContractBroken,
    ErpError,
    ErpInMaintenance,
    ErpRejected,
    ErpThrottled,
    ErpUnauthorized,
    ErpUnavailable,
)

HTML = b"<html><title>Bad Gateway</title></html>"


def answer(
    status: int, body: Any = b"", content_type: str = "application/json", retry_after: str = ""
) -> Answer:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer("mitra", "list of Farmer", status, content_type, encoded, retry_after or None)


def error_of(made: Answer) -> ErpError:
    with pytest.raises(ErpError) as caught:
        read_answer(made)
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_json_object_of_a_good_status_is_data(status: int):
    assert read_answer(answer(status, {"message": [1]})) == {"message": [1]}


def test_data_is_data_even_when_its_content_type_is_wrong():
    assert read_answer(answer(200, {"message": 1}, "text/html")) == {"message": 1}


V1 = [
    (401, "AuthenticationError", ErpUnauthorized),
    (400, "InvalidAuthorizationToken", ErpUnauthorized),
    (400, "InvalidAuthorizationHeader", ErpUnauthorized),
    (429, "TooManyRequestsError", ErpThrottled),
    (417, "RateLimitExceededError", ErpThrottled),
    (503, "SessionStopped", ErpInMaintenance),
    (503, "InReadOnlyMode", ErpInMaintenance),
    (500, "OperationalError", ErpUnavailable),
    (500, "InternalError", ErpUnavailable),
    (417, "QueryDeadlockError", ErpUnavailable),
    (500, "QueryTimeoutError", ErpUnavailable),
    (403, "PermissionError", ErpRejected),
    (404, "DoesNotExistError", ErpRejected),
    (409, "DuplicateEntryError", ErpRejected),
    (417, "DataError", ErpRejected),
    (500, "ProgrammingError", ErpRejected),
    (500, "ImportError", ErpRejected),
    (500, "SomethingAnAppMadeUp", ErpRejected),
    (400, "CSRFTokenError", ErpRejected),
]


@pytest.mark.parametrize(("status", "exc_type", "kind"), V1)
def test_a_version_1_error_is_told_by_its_exception(status: int, exc_type: str, kind: type):
    error = error_of(answer(status, {"exc_type": exc_type, "exc": "[]"}))
    assert type(error) is kind
    assert exc_type in error.message


@pytest.mark.parametrize(("status", "exc_type", "kind"), V1)
def test_a_version_2_error_is_told_by_its_exception(status: int, exc_type: str, kind: type):
    body = {"errors": [{"type": exc_type, "message": "m", "title": "t", "indicator": "red"}]}
    assert type(error_of(answer(status, body))) is kind


def test_the_exception_decides_before_the_status():
    assert type(error_of(answer(500, {"exc_type": "AuthenticationError"}))) is ErpUnauthorized
    assert type(error_of(answer(401, {"exc_type": "SessionStopped"}))) is ErpInMaintenance
    assert type(error_of(answer(200, HTML))) is ErpContractBroken


def test_no_exception_is_in_two_classes():
    classes = [UNAUTHORIZED, THROTTLED, MAINTENANCE, PASSING]
    assert sum(map(len, classes)) == len(frozenset().union(*classes))


@pytest.mark.parametrize(
    ("status", "body", "content_type", "kind"),
    [
        (401, HTML, "text/html", ErpUnauthorized),
        (401, {}, "application/json", ErpUnauthorized),
        (429, b"Too Many Requests", "text/plain", ErpThrottled),
        (500, HTML, "text/html", ErpUnavailable),
        (502, HTML, "text/html", ErpUnavailable),
        (503, b"", "", ErpUnavailable),
        (504, {"detail": "x"}, "application/json", ErpUnavailable),
        (521, HTML, "text/html", ErpUnavailable),
        (403, {"session_expired": 1}, "application/json", ErpRejected),
        (404, {"detail": "x"}, "application/json", ErpRejected),
        (400, HTML, "text/html", ErpContractBroken),
        (403, HTML, "text/html", ErpContractBroken),
        (404, HTML, "text/html", ErpContractBroken),
        (404, {}, "application/json", ErpContractBroken),
        (413, b"too large", "text/plain", ErpContractBroken),
        (200, HTML, "text/html", ErpContractBroken),
        (200, b"", "", ErpContractBroken),
        (200, b'{"message": [{"name": "FMR-0', "application/json", ErpContractBroken),
        (200, b"\x00\xff\xfe", "application/json", ErpContractBroken),
        (200, b'"\xff"', "application/json", ErpContractBroken),
        (200, b"[" * 100_000, "application/json", ErpContractBroken),
        (200, [1, 2], "application/json", ErpContractBroken),
        (200, b"null", "application/json", ErpContractBroken),
        (204, b"", "", ErpContractBroken),
        (301, HTML, "text/html", ErpContractBroken),
        (302, {"message": "over there"}, "application/json", ErpContractBroken),
        (304, b"", "", ErpContractBroken),
    ],
)
def test_an_answer_without_exception_is_told_by_status_and_content(
    status: int, body: Any, content_type: str, kind: type
):
    error = error_of(answer(status, body, content_type))
    assert type(error) is kind
    assert error.instance == error.context["instance"] == "mitra"
    assert error.context["request"] == "list of Farmer"
    assert str(status) in error.message


def test_html_for_json_is_called_by_its_content_type():
    error = error_of(answer(200, HTML, "text/html; charset=utf-8"))
    assert "text/html where JSON was due" in error.message


@pytest.mark.parametrize(
    "body",
    [
        {"exc_type": None},
        {"exc_type": ["DataError"]},
        {"exc_type": ""},
        {"errors": []},
        {"errors": "DataError"},
        {"errors": [None]},
        {"errors": [{"type": 7}]},
        {"exc_type": "No permission for asha@csa.example"},
    ],
)
def test_what_is_no_exceptions_name_counts_as_none(body: dict[str, Any]):
    assert read_exc_type(body) == ""
    assert type(error_of(answer(403, body))) is ErpRejected
    assert type(error_of(answer(500, body))) is ErpUnavailable


TEXTS = ("exception", "exc", "_server_messages", "_error_message", "message", "title")


@given(
    status=st.sampled_from([400, 401, 403, 404, 409, 417, 429, 500, 503]),
    exc_type=st.sampled_from([name for _, name, _ in V1]),
    version=st.sampled_from([1, 2]),
)
def test_no_text_of_an_answer_is_in_the_error(status: int, exc_type: str, version: int):
    texts = dict.fromkeys(TEXTS, "User asha@csa.example may not read Raju Das")
    body = (
        {"exc_type": exc_type, **texts}
        if version == 1
        else {"errors": [{"type": exc_type, **texts}], "debug": texts}
    )
    error = error_of(answer(status, body))
    shown = f"{error} {error!r} {error.__dict__} {pickle.dumps(error)!r}"
    assert "asha" not in shown
    assert "Raju" not in shown


def test_an_unknown_field_is_named_also_when_there_is_no_traceback():
    text = "Field not permitted in query: farm_size"
    body = {
        "exc_type": "DataError",
        "_server_messages": json.dumps([json.dumps({"message": text})]),
    }
    error = error_of(answer(417, body))
    assert error.context["unknown_field"] == "farm_size"
    assert "unknown field farm_size" in error.message


# --- Retry-After


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("394", 394.0), ("0", 0.0), (" 12 ", 12.0), ("86400", 86400.0)],
)
def test_retry_after_in_seconds_is_taken_as_it_is(value: str, seconds: float):
    assert parse_retry_after(value) == seconds


def test_retry_after_as_a_date_is_counted_from_now():
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    assert 100 < parse_retry_after(at) <= 120


def test_retry_after_in_the_past_is_now():
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "soon", "-5", "1.5", "²", "Wed, 21 Oct 2015 07:28:00", "Mon"),
        *("Mon, 23 Nov 99999999999 09:00:00 GMT", "Mon, 23 Nov 2026 09:00:00 +99999999999999999"),
    ],
)
def test_retry_after_that_says_nothing_becomes_the_default(value: str | None):
    assert parse_retry_after(value) == DEFAULT_RETRY_AFTER_S


@given(
    st.text(max_size=40)
    | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [+-]\d+", fullmatch=True)
)
def test_no_retry_after_breaks_the_reading(value: str):
    assert parse_retry_after(value) >= 0


@pytest.mark.parametrize("status", [429, 417])
def test_a_throttled_answer_carries_the_seconds_unclamped(status: int):
    body = {"exc_type": "RateLimitExceededError"}
    error = error_of(answer(status, body, retry_after="3599"))
    assert isinstance(error, ErpThrottled)
    assert error.retry_after_s == 3599.0
