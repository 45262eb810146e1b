"""Signing in to a sample site: sessions, the lock after failures, what else Frappe may answer."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from demo.site.logins import DEMO_PASSWORD, Logins
from demo.site.site import SampleSite
from tests.demo.conftest import client_of, described, document, make_dataset, order

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from demo.site.dataset import Dataset

ASHA, RAVI = "asha@site.example", "ravi@site.example"
VISITOR, GONE = "visitor@site.example", "gone@site.example"
WHO = "/api/method/frappe.auth.get_logged_user"


@pytest.fixture
def dataset() -> Dataset:
    made = make_dataset()
    for name in ("User", "System Settings"):
        row, meta = described(name, issingle=int(name == "System Settings"))
        made.doctypes.append(row)
        made.metas[name] = meta
    users = [(ASHA, 1, "System User"), (RAVI, 1, "System User")]
    users += [(VISITOR, 1, "Website User"), (GONE, 0, "System User")]
    made.documents["User"] = [
        document("User", name, "2026-01-01", enabled=enabled, user_type=kind, full_name=name[:4])
        for name, enabled, kind in users
    ]
    made.documents["System Settings"] = [{"name": "System Settings"}]
    return made


@pytest.fixture
def site(dataset: Dataset) -> SampleSite:
    return SampleSite(copy.deepcopy(dataset))


@pytest.fixture
async def browser(site: SampleSite) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(site) as opened:
        yield opened


async def sign_in(
    browser: httpx.AsyncClient, user: str, password: str = DEMO_PASSWORD, **headers: str
) -> httpx.Response:
    form = {"usr": user, "pwd": password}
    return await browser.post("/api/method/login", data=form, headers=headers)


async def test_a_session_is_opened_used_and_ended(site: SampleSite, browser: httpx.AsyncClient):
    answer = await sign_in(browser, ASHA.upper())
    assert answer.json()["message"] == "Logged In"
    assert len(answer.cookies["sid"]) == 56
    assert (await browser.get(WHO)).json() == {"message": ASHA}
    assert order(site, "sessions") == 1
    assert (await browser.get("/api/method/logout")).status_code == 200
    assert order(site, "sessions") == 0
    stolen = {"Cookie": f"sid={answer.cookies['sid']}"}
    assert (await browser.get(WHO, headers=stolen)).json()["session_expired"] == 1


@pytest.mark.parametrize(
    ("user", "password", "reply"),
    [
        (ASHA, "wrong", "Invalid login credentials"),
        ("nobody@site.example", DEMO_PASSWORD, "Invalid login credentials"),
        (GONE, "wrong", "Invalid login credentials"),
        (GONE, DEMO_PASSWORD, "User disabled or missing"),
        (ASHA, "", "Incomplete login details"),
    ],
)
async def test_a_failed_sign_in_is_refused(
    browser: httpx.AsyncClient, user: str, password: str, reply: str
):
    answer = await sign_in(browser, user, password)
    assert (answer.status_code, answer.json()["message"]) == (401, reply)
    assert answer.json()["exc_type"] == "AuthenticationError"
    assert not answer.cookies


async def test_a_website_user_has_no_app(browser: httpx.AsyncClient):
    answer = await sign_in(browser, VISITOR)
    assert answer.json()["message"] == "No App"
    assert answer.cookies["system_user"] == "no"


async def test_the_twelfth_failure_locks_user_and_address(
    browser: httpx.AsyncClient, site: SampleSite
):
    now = [0.0]
    site.control.logins = Logins(now=lambda: now[0])
    for _ in range(11):
        answer = await sign_in(browser, ASHA, "wrong", **{"X-Forwarded-For": "10.9.9.9"})
        assert answer.status_code == 401
    for user, address in ((ASHA, "10.9.9.9"), (ASHA, "10.9.9.8"), (RAVI, "10.9.9.9, 10.0.0.1")):
        answer = await sign_in(browser, user, **{"X-Forwarded-For": address})
        assert (answer.status_code, answer.json()["exc_type"]) == (500, "SecurityException")
    assert (await sign_in(browser, RAVI, **{"X-Forwarded-For": "10.9.9.8"})).status_code == 200
    now[0] = 60.0
    assert (await sign_in(browser, ASHA, **{"X-Forwarded-For": "10.9.9.9"})).status_code == 200


async def test_a_reset_password_takes_the_place_of_the_sites(
    site: SampleSite, browser: httpx.AsyncClient
):
    order(site, "password", user=ASHA, password="reset")
    assert (await sign_in(browser, ASHA)).status_code == 401
    assert (await sign_in(browser, ASHA, "reset")).status_code == 200
    order(site, "password", user=ASHA, password="reset", expired=True)
    expired = await sign_in(browser, ASHA, "reset")
    assert (expired.status_code, expired.json()["message"]) == (200, "Password Reset")


async def test_an_employee_has_an_api_key_of_their_own(browser: httpx.AsyncClient):
    for secret, status in ((DEMO_PASSWORD, 200), ("wrong", 401)):
        headers = {"Authorization": f"token key-of-{ASHA}:{secret}"}
        answer = await browser.get(WHO, headers=headers)
        assert answer.status_code == status
    assert answer.json()["exc_type"] == "AuthenticationError"


@pytest.mark.parametrize(
    ("setting", "status", "key"),
    [("enable_two_factor_auth", 200, "tmp_id"), ("disable_user_pass_login", 401, "exc_type")],
)
async def test_system_settings_ask_for_more_than_a_password(
    site: SampleSite, browser: httpx.AsyncClient, setting: str, status: int, key: str
):
    values: dict[str, Any] = {"values": {setting: 1}}
    order(site, "edit", doctype="System Settings", name="System Settings", **values)
    answer = await sign_in(browser, ASHA)
    assert answer.status_code == status
    assert key in answer.json()
    assert answer.cookies.get("sid", "Guest") == "Guest"
