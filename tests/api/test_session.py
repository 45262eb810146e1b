"""Sign in, see who one is, link another ERP, change the password, sign out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.doors import (
    A_PASSWORD,
    ASHA,
    B_PASSWORD,
    PORTAL_PASSWORD,
    RAVI,
    SESSION,
    ask,
    open_links,
)

if TYPE_CHECKING:
    from tests.api.doors import Doors

CHANGES: list[tuple[str, str, dict[str, Any]]] = [
    ("DELETE", SESSION, {}),
    ("PUT", f"{SESSION}/password", {"current_password": "x", "new_password": "y"}),
    ("POST", f"{SESSION}/links", {"instance": "a", "username": "x", "password": "y"}),
    ("DELETE", f"{SESSION}/links/a", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), [("GET", SESSION, {}), *CHANGES])
def test_a_stranger_is_told_to_sign_in(doors: Doors, method: str, path: str, body: dict[str, Any]):
    answer = doors.browser().request(method, path, json=body or None)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_the_portal_password_opens_every_link(doors: Doors):
    doors.api.put_account("tara", password=PORTAL_PASSWORD, links={"a": ASHA, "b": ASHA})
    browser = doors.sign_in("Tara")
    told = browser.get(SESSION).json()
    assert (told["username"], told["means"], told["has_password"]) == ("tara", "session", True)
    assert not told["is_operator"]
    assert open_links(browser) == {"a", "b"}
    assert {link["state"] for link in told["links"]} == {"alive"}


def test_an_erpnext_password_opens_its_instance_and_those_that_trust_it(doors: Doors):
    links = {"a": RAVI, "b": RAVI, "c": RAVI}
    doors.api.put_account("uma", password=PORTAL_PASSWORD, links=links)
    assert open_links(doors.sign_in(RAVI, A_PASSWORD, "a")) == {"a", "c"}
    assert open_links(doors.sign_in(RAVI, B_PASSWORD, "c")) == {"a", "c"}
    assert open_links(doors.sign_in(RAVI, B_PASSWORD, "b")) == {"b"}
    assert open_links(doors.sign_in("uma")) == {"a", "b", "c"}


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(doors: Doors):
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    plain, over_tls = doors.browser(), doors.browser()
    over_tls.headers["X-Forwarded-Proto"] = "https"
    cookies = [
        ask(browser, "vera", PORTAL_PASSWORD).headers["Set-Cookie"] for browser in (plain, over_tls)
    ]
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    assert cookies[0].startswith("csa_session=")
    assert "Secure" not in cookies[0]
    assert cookies[1].startswith("__Host-csa_session=")
    assert "Secure" in cookies[1]


def test_the_answer_to_a_sign_in_is_not_kept_by_anyone(doors: Doors):
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    answer = ask(doors.browser(), "vera", PORTAL_PASSWORD)
    assert answer.headers["Cache-Control"] == "no-store"
    assert PORTAL_PASSWORD not in answer.text


@pytest.mark.parametrize("authorization", ["Basic dTpw", "token key:secret", "Bearer", "Bearer x"])
def test_a_session_does_not_count_beside_any_authorization(doors: Doors, authorization: str):
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    browser = doors.sign_in("vera")
    headers = {"Authorization": authorization}
    assert browser.get(SESSION, headers=headers).status_code == 401
    assert browser.get(SESSION).status_code == 200


def test_signing_out_ends_the_session_and_takes_the_cookie_away(doors: Doors):
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    browser = doors.sign_in("vera")
    answer = browser.delete(SESSION)
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert browser.get(SESSION).status_code == 401


def test_another_erp_is_linked_by_password_and_opened_at_once(doors: Doors):
    doors.api.put_account("wali", password=PORTAL_PASSWORD)
    user = "sales@ragijonna.example"
    browser = doors.sign_in("wali")
    body = {"instance": "b", "username": user, "password": B_PASSWORD}
    answer = browser.post(f"{SESSION}/links", json=body)
    assert answer.status_code == 201
    assert [link["erp_user"] for link in answer.json()["links"]] == [user]
    assert open_links(browser) == {"b"}
    assert browser.delete(f"{SESSION}/links/b").status_code == 204
    assert open_links(browser) == set()
    key = {"instance": "b", "api_key": f"key-of-{user}", "api_secret": B_PASSWORD}
    assert browser.post(f"{SESSION}/links", json=key).status_code == 201
    assert open_links(browser) == {"b"}
    assert browser.delete(f"{SESSION}/links/b").status_code == 204


def test_proving_a_link_again_opens_it_in_a_session_that_did_not(doors: Doors):
    links = {"a": RAVI, "b": RAVI, "c": RAVI}
    doors.api.put_account("uma", password=PORTAL_PASSWORD, links=links)
    browser = doors.sign_in(RAVI, A_PASSWORD, "a")
    assert open_links(browser) == {"a", "c"}
    body = {"instance": "b", "username": RAVI, "password": B_PASSWORD}
    assert browser.post(f"{SESSION}/links", json=body).status_code == 201
    assert open_links(browser) == {"a", "b", "c"}


def test_who_one_is_elsewhere_is_shown_to_no_session_that_does_not_open_it(doors: Doors):
    doors.api.put_account("uma", password=PORTAL_PASSWORD, links={"a": RAVI, "b": ASHA, "c": RAVI})
    told = doors.sign_in(RAVI, A_PASSWORD, "a").get(SESSION)
    shown = {one["instance"]: (one["erp_user"], one["proof"]) for one in told.json()["links"]}
    assert shown["b"] == (None, None)
    assert shown["c"] == (RAVI, "administrator")
    assert ASHA not in told.text
    assert ASHA in doors.sign_in("uma").get(SESSION).text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"instance": "b"}, 400, "proof_unfit"),
        ({"instance": "b", "username": "x"}, 400, "proof_unfit"),
        ({"instance": "b", "username": "x", "api_secret": "y"}, 400, "proof_unfit"),
        ({"instance": "b", "api_key": "a:b", "api_secret": "y"}, 400, "invalid_value"),
        ({"instance": "b", "api_key": "a\r\nX: y", "api_secret": "y"}, 400, "invalid_value"),
        ({"instance": "b", "username": "x", "password": "y", "more": 1}, 400, "invalid_value"),
        ({"username": "x", "password": "y"}, 400, "invalid_value"),
        ({"instance": "b", "username": "x", "password": "wrong"}, 401, "sign_in_failed"),
        ({"instance": "nowhere", "username": "x", "password": "y"}, 401, "sign_in_failed"),
        ({"instance": "b", "username": "Guest", "password": "y"}, 403, "erp_user_unfit"),
        ({"instance": "a", "username": ASHA, "password": A_PASSWORD}, 409, "link_exists"),
    ],
)
def test_a_link_without_proof_is_refused(
    doors: Doors, body: dict[str, Any], status: int, code: str
):
    doors.api.put_account("xena", password=PORTAL_PASSWORD, links={"a": "sales@ragijonna.example"})
    answer = doors.sign_in("xena").post(f"{SESSION}/links", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_link_that_the_session_does_not_open_is_not_removed_by_it(doors: Doors):
    links = {"a": RAVI, "b": RAVI, "c": RAVI}
    doors.api.put_account("uma", password=PORTAL_PASSWORD, links=links)
    browser = doors.sign_in(RAVI, A_PASSWORD, "a")
    for instance in ("b", "nowhere"):
        answer = browser.delete(f"{SESSION}/links/{instance}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_new_password_ends_all_other_sessions_and_all_tokens(doors: Doors):
    token = doors.api.put_account("yash", password=PORTAL_PASSWORD)
    mine, others = doors.sign_in("yash"), doors.sign_in("yash")
    before = mine.cookies["csa_session"]
    change = {"current_password": PORTAL_PASSWORD, "new_password": "a new long password"}
    assert mine.put(f"{SESSION}/password", json=change).status_code == 204
    assert mine.cookies["csa_session"] != before
    assert mine.get(SESSION).status_code == 200
    assert others.get(SESSION).status_code == 401
    assert doors.script(token).get(SESSION).status_code == 401
    assert ask(doors.browser(), "yash", PORTAL_PASSWORD).status_code == 401
    assert ask(doors.browser(), "yash", "a new long password").status_code == 201


@pytest.mark.parametrize(
    ("current", "new", "status", "code"),
    [
        ("wrong", "a new long password", 403, "password_wrong"),
        (PORTAL_PASSWORD, "short", 400, "password_unfit"),
        (PORTAL_PASSWORD, "", 400, "invalid_value"),
    ],
)
def test_a_password_is_not_changed_otherwise(
    doors: Doors, current: str, new: str, status: int, code: str
):
    doors.api.put_account("zoe", password=PORTAL_PASSWORD)
    change = {"current_password": current, "new_password": new}
    answer = doors.sign_in("zoe").put(f"{SESSION}/password", json=change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_erp_that_does_not_answer_is_told_as_such(doors: Doors):
    doors.a.control.fault("html", match={"path_regex": "login"}, status=502)
    answer = ask(doors.browser(), ASHA, A_PASSWORD, "a")
    assert (answer.status_code, answer.json()["code"]) == (503, "erp_unavailable")
    assert answer.headers["Retry-After"]


def test_a_second_factor_is_told_with_the_way_round(doors: Doors):
    def set_two_factor(value: int) -> None:
        values = {"enable_two_factor_auth": value}
        settings = {"doctype": "System Settings", "name": "System Settings", "values": values}
        doors.a.control.do("edit", **settings)

    set_two_factor(1)
    try:
        answer = ask(doors.browser(), ASHA, A_PASSWORD, "a")
    finally:
        set_two_factor(0)
    assert (answer.status_code, answer.json()["code"]) == (403, "erp_two_factor")
    assert "API key" in answer.json()["detail"]


def test_operators_see_freshness_runs_and_metrics_and_nobody_else_does(doors: Doors):
    doors.api.put_account("op", password=PORTAL_PASSWORD, is_operator=True, links={"b": ASHA})
    employee = doors.api.put_account("emp")
    by_erp = doors.sign_in(ASHA, B_PASSWORD, "b")
    for path in ("/api/v1/freshness", "/api/v1/runs", "/api/v1/runs/x", "/metrics"):
        assert doors.sign_in("op").get(path).status_code in (200, 404)
        for other in (doors.script(employee), by_erp):
            answer = other.get(path)
            assert (answer.status_code, answer.json()["code"]) == (403, "operators_only")
