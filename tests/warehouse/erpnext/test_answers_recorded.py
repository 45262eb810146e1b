"""Every recorded refusal of a real ERPNext 15 is understood, and none of its texts is repeated."""

from __future__ import annotations

import json
import pickle
import re

import pytest

from tests.reference import needs_reference, recorded_body, recording, recording_names
from warehouse.erpnext.answers import Answer, read_answer
from warehouse.errors import (
    ErpContractBroken,
    ErpError,
    ErpInMaintenance,
    ErpRejected,
    ErpThrottled,
    ErpUnauthorized,
    ErpUnavailable,
)

DATA = (
    *("auth_basic_ok", "auth_disabled_user_list", "auth_disabled_user_token"),
    *("auth_lockout_token_still_ok", "auth_login_get", "auth_login_nobody_website_user"),
    *("auth_login_ok", "auth_login_ok_json", "auth_token_ok", "err_unknown_param"),
)
MEANINGS: dict[type[ErpError], tuple[str, ...]] = {
    ErpUnauthorized: (
        *("auth_basic_bad_b64", "auth_bearer_bad", "auth_login_disabled", "auth_login_empty"),
        *("auth_login_unknown_user", "auth_login_wrong", "auth_token_malformed"),
        *("auth_token_wrong_key", "auth_token_wrong_secret", "err_401_without_traceback"),
    ),
    ErpThrottled: ("err_429_ping", "err_429_rate_limit", "err_429_rate_limit_html"),
    ErpInMaintenance: ("err_503_maintenance", "err_503_ping"),
    # The HTML page of maintenance says so in its text only.
    ErpUnavailable: ("err_500_db_down", "err_503_maintenance_html"),
    ErpRejected: (
        *("auth_lockout", "auth_lockout_other_ip", "auth_lockout_other_user_same_ip"),
        *("auth_none_method_403", "auth_none_resource_403", "err_403_without_traceback"),
        *("err_404_without_traceback", "err_417_without_traceback", "err_bad_fields_json"),
        *("err_bad_filter_json", "err_bad_filter_operator", "err_bad_order_by"),
        *("err_duplicate_409", "err_link_missing_417", "err_no_accept_star", "err_not_found"),
        *("err_not_found_v2", "err_permission_denied_list", "err_permission_denied_list2"),
        *("err_permission_denied_v2", "err_sql_in_fields", "err_timestamp_mismatch"),
        *("err_unknown_doctype_get", "err_unknown_doctype_list", "err_unknown_field"),
        *("err_unknown_filter_field", "err_unknown_method", "err_unknown_path"),
        "err_validation_417",
    ),
    ErpContractBroken: ("err_html_accept", "err_url_too_long"),
}
BY_NAME = {name: kind for kind, names in MEANINGS.items() for name in names}

pytestmark = needs_reference


def answer_of(name: str) -> Answer:
    headers = recording(name)["headers"]
    return Answer(
        instance="mitra",
        request="list of Something",
        status=recording(name)["status"],
        content_type=headers.get("content-type", ""),
        body=recorded_body(name),
        retry_after=headers.get("retry-after"),
    )


def error_of(name: str) -> ErpError:
    with pytest.raises(ErpError) as caught:
        read_answer(answer_of(name))
    return caught.value


def test_the_table_names_every_recorded_refusal_and_sign_in():
    assert {*BY_NAME, *DATA} == recording_names("err_", "auth_")
    assert not BY_NAME.keys() & {*DATA}


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_recorded_refusal_means_what_the_table_says(name: str):
    assert type(error_of(name)) is BY_NAME[name]


@pytest.mark.parametrize("name", DATA)
def test_a_recorded_good_answer_is_returned_as_it_is(name: str):
    assert read_answer(answer_of(name)) == recording(name)["body"]


@pytest.mark.parametrize("name", MEANINGS[ErpRejected])
def test_a_rejection_carries_status_and_exception_of_the_recording(name: str):
    error, body = error_of(name), recording(name)["body"]
    assert isinstance(error, ErpRejected)
    assert error.status == recording(name)["status"]
    assert error.exc_type == (body.get("exc_type") or body["errors"][0]["type"])


@pytest.mark.parametrize("name", MEANINGS[ErpThrottled])
def test_the_recorded_rate_limit_says_for_how_long(name: str):
    error = error_of(name)
    assert isinstance(error, ErpThrottled)
    assert error.retry_after_s == float(recording(name)["headers"]["retry-after"])


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("err_unknown_field", "no_such_field"),
        ("err_unknown_filter_field", "no_such_field"),
        ("err_417_without_traceback", "nope"),
        ("err_bad_order_by", None),
    ],
)
def test_a_field_that_the_erp_does_not_know_is_named(name: str, field: str | None):
    assert error_of(name).context["unknown_field"] == field


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_no_text_of_the_erp_is_repeated(name: str):
    error = error_of(name)
    shown = f"{error} {error!r} {pickle.dumps(error)!r} {error.__dict__}"
    body = recording(name)["body"]
    request = f"{recording(name)['request']} {body if isinstance(body, str) else json.dumps(body)}"
    e_mails = set(re.findall(r"[\w.]+@[\w.]+", request))
    documents = {"nope-nope", "Customer nope", "Payment Entry", "Purchase Order", "organic"}
    assert not {text for text in e_mails | documents if text in shown}


@pytest.mark.parametrize("name", ["session_bogus_sid", "session_expired_list"])
def test_an_expired_session_is_a_refusal_like_that_of_a_guest(name: str):
    error = error_of(name)
    assert isinstance(error, ErpRejected)
    assert (error.status, error.exc_type) == (403, "PermissionError")
