"""Proof at an ERPNext: each of its answers told apart, its session ended, nothing let out."""

from __future__ import annotations

import logging
import traceback
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import SecretStr

from tests.reference import needs_reference, recording
from warehouse.erpnext.login import ErpLogin
from warehouse.errors import (
    ErpContractBroken,
    ErpInMaintenance,
    ErpThrottled,
    ErpUnavailable,
    SignInRefused,
    SignInThrottled,
    WarehouseError,
)
from warehouse.settings import ErpInstance

ERP = ErpInstance(
    instance="site",
    url="http://127.0.0.1:9",
    api_key=SecretStr("key"),
    api_secret=SecretStr("secret"),
)
ADDRESS = "203.0.113.7"
PASSWORD = "sentinel-password"
SID = {"set-cookie": "sid=0123456789abcdef; Path=/"}
USER = {"message": "asha@site.example"}


class FakeErp:
    """Answers the sign-in as told, the rest as Frappe does, and keeps what it was asked."""

    def __init__(self, login: httpx.Response, user: httpx.Response | None = None) -> None:
        self.login = login
        self.user = user or httpx.Response(200, json=USER)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        match request.url.path.rpartition("/")[2]:
            case "login":
                return self.login
            case "logout":
                return httpx.Response(200, json={"message": "No App"})
        return self.user

    @property
    def methods(self) -> list[str]:
        return [request.url.path.rpartition("/")[2] for request in self.asked]


def in_session(**body: Any) -> httpx.Response:
    return httpx.Response(200, json=body, headers=SID)


def refused(status: int, exc_type: str, **body: Any) -> httpx.Response:
    return httpx.Response(status, json={"exc_type": exc_type, **body})


async def prove(erp: FakeErp) -> str:
    async with ErpLogin(ERP, ADDRESS, httpx.MockTransport(erp)) as login:
        return await login.prove_password("Asha", PASSWORD)


async def test_the_canonical_name_is_asked_for_and_the_session_ended():
    erp = FakeErp(in_session(message="Logged In"))
    assert await prove(erp) == "asha@site.example"
    assert erp.methods == ["login", "frappe.auth.get_logged_user", "logout"]
    sign_in, *others = erp.asked
    assert sign_in.method == "POST"
    assert not sign_in.url.query
    form = {"usr": ["Asha"], "pwd": [PASSWORD], "device": ["mobile"]}
    assert parse_qs(sign_in.content.decode()) == form
    for request in erp.asked:
        assert request.headers["X-Forwarded-For"] == ADDRESS
        assert "Authorization" not in request.headers
    assert all(request.headers["Cookie"] == "sid=0123456789abcdef" for request in others)


MESSAGES = '["{\\"message\\": \\"sentinel-text\\"}"]'
ANSWERS = [
    (refused(401, "AuthenticationError", message="Invalid login"), SignInRefused, "sign_in_failed"),
    (httpx.Response(401, text="no"), SignInRefused, "sign_in_failed"),
    (
        refused(401, "AuthenticationError", _server_messages=MESSAGES),
        SignInRefused,
        "erp_password_refused",
    ),
    (
        httpx.Response(200, json={"verification": {"method": "OTP App"}, "tmp_id": "x"}),
        SignInRefused,
        "erp_two_factor",
    ),
    (
        httpx.Response(200, json={"message": "Password Reset"}),
        SignInRefused,
        "erp_password_expired",
    ),
    (in_session(message="No App"), SignInRefused, "erp_user_unfit"),
    (refused(500, "SecurityException"), SignInThrottled, "sign_in_throttled"),
    (refused(429, "TooManyRequestsError"), ErpThrottled, "erp_throttled"),
    (refused(503, "SessionStopped"), ErpInMaintenance, "erp_in_maintenance"),
    (refused(503, "InReadOnlyMode"), ErpInMaintenance, "erp_in_maintenance"),
    (httpx.Response(502, text="bad gateway"), ErpUnavailable, "erp_unavailable"),
    (httpx.Response(200, text="<html>"), ErpContractBroken, "erp_contract_broken"),
    (in_session(message="Welcome"), ErpContractBroken, "erp_contract_broken"),
]


@pytest.mark.parametrize(("answer", "kind", "code"), ANSWERS)
async def test_every_other_answer_is_an_error_of_its_own(
    answer: httpx.Response, kind: type[WarehouseError], code: str
):
    erp = FakeErp(answer)
    with pytest.raises(kind) as failed:
        await prove(erp)
    assert failed.value.code == code
    assert "sentinel" not in str(failed.value)
    has_session = "set-cookie" in answer.headers
    assert erp.methods == (["login", "logout"] if has_session else ["login"])


@pytest.mark.parametrize("status", [401, 403, 500])
async def test_the_session_is_ended_even_if_the_user_is_not_told(status: int):
    erp = FakeErp(in_session(message="Logged In"), httpx.Response(status, json={}))
    with pytest.raises(WarehouseError):
        await prove(erp)
    assert erp.methods[-1] == "logout"


async def test_an_employees_own_key_is_proof_too():
    erp = FakeErp(httpx.Response(500))
    async with ErpLogin(ERP, ADDRESS, httpx.MockTransport(erp)) as login:
        assert await login.prove_key("key", "sentinel-secret") == "asha@site.example"
    assert erp.methods == ["frappe.auth.get_logged_user"]
    assert erp.asked[0].headers["Authorization"] == "token key:sentinel-secret"


async def test_a_wrong_key_is_refused():
    erp = FakeErp(httpx.Response(500), refused(401, "AuthenticationError"))
    async with ErpLogin(ERP, ADDRESS, httpx.MockTransport(erp)) as login:
        with pytest.raises(SignInRefused):
            await login.prove_key("key", "wrong")


async def test_no_password_gets_into_errors_tracebacks_or_logs(caplog: pytest.LogCaptureFixture):
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(request.content.decode(), request=request)

    with caplog.at_level(logging.DEBUG), pytest.raises(ErpUnavailable) as failed:
        async with ErpLogin(ERP, ADDRESS, httpx.MockTransport(fail)) as login:
            await login.prove_password("asha", PASSWORD)
    told = "".join(traceback.format_exception(failed.value)) + caplog.text
    assert PASSWORD not in told + repr(failed.value.__context__)


@needs_reference
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("auth_login_wrong", "sign_in_failed"),
        ("auth_login_unknown_user", "sign_in_failed"),
        ("auth_login_disabled", "sign_in_failed"),
        ("auth_login_nobody_website_user", "erp_user_unfit"),
        ("auth_lockout", "sign_in_throttled"),
        ("auth_lockout_other_user_same_ip", "sign_in_throttled"),
        ("maintenance_reads_login", "erp_in_maintenance"),
    ],
)
async def test_answers_recorded_of_a_real_erpnext_are_read_right(name: str, code: str):
    recorded = recording(name)
    answer = httpx.Response(recorded["status"], json=recorded["body"])
    with pytest.raises(WarehouseError) as failed:
        await prove(FakeErp(answer))
    assert failed.value.code == code


@needs_reference
@pytest.mark.parametrize("name", ["auth_login_ok", "auth_login_ok_json"])
async def test_a_recorded_success_is_one(name: str):
    recorded = recording(name)
    assert await prove(FakeErp(in_session(**recorded["body"]))) == "asha@site.example"
