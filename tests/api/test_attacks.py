"""What somebody tries who wants to be someone else, or to learn more than they may."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import pytest

from tests.api.doors import (
    A_PASSWORD,
    ASHA,
    B_PASSWORD,
    DOCUMENTS,
    PORTAL_PASSWORD,
    RAVI,
    SESSION,
    ask,
    open_links,
)

if TYPE_CHECKING:
    import httpx

    from tests.api.doors import Doors

TOKENS = "/api/v1/tokens"
COOKIE = "csa_session"
WIDE = "integration@csa.example"


def test_a_session_that_was_planted_is_not_the_one_signed_in_to(doors: Doors):
    """Session fixation: the cookie of before is neither taken over nor left alive."""
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    doors.api.put_account("mallory", password=PORTAL_PASSWORD)
    planted = {"made up": "A" * 43, "mallory's": doors.sign_in("mallory").cookies[COOKIE]}
    for value in planted.values():
        victim = doors.browser()
        victim.cookies.set(COOKIE, value, domain="127.0.0.1")
        victim.post(SESSION, json={"username": "vera", "password": PORTAL_PASSWORD})
        thief = doors.browser()
        thief.cookies.set(COOKIE, value)
        assert thief.get(SESSION).status_code == 401


def test_each_sign_in_is_a_new_session_and_ends_the_one_before(doors: Doors):
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    browser = doors.sign_in("vera")
    first = browser.cookies[COOKIE]
    assert ask(browser, "vera", PORTAL_PASSWORD).status_code == 201
    assert browser.cookies[COOKIE] != first
    thief = doors.browser()
    thief.cookies.set(COOKIE, first)
    assert thief.get(SESSION).status_code == 401


def test_a_cookie_stolen_before_the_sign_out_opens_nothing_after_it(doors: Doors):
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    browser, thief = doors.sign_in("vera"), doors.browser()
    thief.cookies.set(COOKIE, browser.cookies[COOKIE])
    assert thief.get(SESSION).status_code == 200
    browser.delete(SESSION)
    assert thief.get(SESSION).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1"},
    ],
)
def test_a_page_of_another_site_changes_nothing(doors: Doors, headers: dict[str, str]):
    """Cross-site request forgery; signing somebody in as another is one, too."""
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    browser = doors.sign_in("vera")
    tries = [
        browser.post(TOKENS, json={"title": "x"}, headers=headers),
        browser.delete(SESSION, headers=headers),
        doors.browser().post(
            SESSION, json={"username": "vera", "password": PORTAL_PASSWORD}, headers=headers
        ),
    ]
    for answer in tries:
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site_request")
    assert browser.get(SESSION, headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "own"}])
def test_a_page_of_our_own_does(doors: Doors, headers: dict[str, str]):
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    own = {name: doors.api.url if value == "own" else value for name, value in headers.items()}
    browser = doors.sign_in("vera")
    assert browser.post(TOKENS, json={"title": "x"}, headers=own).status_code == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_form_of_another_site_signs_nobody_in(doors: Doors, kind: str):
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    body = f'{{"username": "vera", "password": "{PORTAL_PASSWORD}"}}'
    headers = {"Content-Type": kind, "Origin": "https://evil.example"}
    answer = doors.browser().post(SESSION, content=body, headers=headers)
    assert answer.status_code == 403


def test_a_cookie_over_plain_http_is_none_over_tls(doors: Doors):
    """A page without TLS could have set it; only the one with the __Host- prefix counts."""
    doors.api.put_account("vera", password=PORTAL_PASSWORD)
    browser = doors.sign_in("vera")
    browser.headers["X-Forwarded-Proto"] = "https"
    assert browser.get(SESSION).status_code == 401


def test_a_cursor_of_another_is_refused_and_so_is_one_that_was_tampered_with(doors: Doors):
    tokens = [
        doors.api.put_account("xavi", links={"a": WIDE}),
        doors.api.put_account("yara", links={"a": ASHA}),
    ]
    first, second = (doors.script(token) for token in tokens)
    doors.api.put_account("xavi", links={"a": WIDE})
    cursor = first.get(DOCUMENTS, params={"size": 1}).json()["next_cursor"]
    assert cursor
    page = {"size": 1, "cursor": cursor}
    assert first.get(DOCUMENTS, params=page).status_code == 200
    assert second.get(DOCUMENTS, params=page).json()["code"] == "cursor_mismatch"
    for tampered in (cursor[:-2] + "AA", "A" + cursor[1:], cursor.partition(".")[0]):
        page["cursor"] = tampered
        assert first.get(DOCUMENTS, params=page).json()["code"] == "cursor_invalid"


def test_an_address_in_a_header_counts_from_a_trusted_proxy_only(
    stranger: httpx.Client, doors: Doors
):
    def fail_often(browser: httpx.Client) -> set[int]:
        statuses = set()
        for number in range(15):
            browser.headers["X-Forwarded-For"] = f"198.51.100.{number}"
            statuses.add(ask(browser, f"nobody{number}", "wrong").status_code)
        return statuses

    assert fail_often(stranger) == {401, 429}
    assert fail_often(doors.browser()) == {401}


def test_what_a_caller_writes_before_the_proxy_does_is_not_believed(doors: Doors):
    browser, statuses = doors.browser(), set()
    for number in range(15):
        browser.headers["X-Forwarded-For"] = f"198.51.100.{number}, 192.0.2.77"
        statuses.add(ask(browser, f"somebody{number}", "wrong").status_code)
    assert statuses == {401, 429}


def test_spraying_passwords_the_erp_sees_no_more_than_allowed(doors: Doors):
    doors.a.control.stats(reset=True)
    browser = doors.browser()
    users = [f"{name}@ragijonna.example" for name in ("accounts", "sales", "field", "stock")]
    statuses = [
        ask(browser, user, f"guess{number}", "a").status_code
        for number in range(10)
        for user in users
    ]
    requests = doors.a.control.stats()["requests"]
    assert sum(one["requests"] for one in requests if one["method"] == "login") == 10
    assert statuses == [401] * 10 + [429] * 30
    # Of its five, the first account has had three, and none by what was stopped.
    others = [ask(doors.browser(), users[0], "guess", "a").status_code for _ in range(4)]
    assert others == [401, 401, 429, 429]


def test_an_attempt_too_many_is_refused_with_the_time_to_wait(doors: Doors):
    doors.api.put_account("kira", password=PORTAL_PASSWORD)
    browser = doors.browser()
    for _ in range(5):
        assert ask(browser, "kira", "wrong").status_code == 401
    answer = ask(browser, "kira", PORTAL_PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == (429, "sign_in_throttled")
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    # Whoever else has that trouble is told the same, account or not.
    for _ in range(5):
        ask(doors.browser("192.0.2.50"), "no-such-account", "wrong")
    unknown = ask(doors.browser("192.0.2.51"), "no-such-account", "wrong")
    assert unknown.json()["code"] == "sign_in_throttled"


def test_unknown_closed_and_passwordless_accounts_fail_alike(doors: Doors):
    doors.api.put_account("pia", password=PORTAL_PASSWORD)
    doors.api.put_account("without")
    bodies = set()
    for name in ("pia", "without", "no-such-account", f"a/{ASHA}"):
        answer = ask(doors.browser(), name, "wrong")
        bodies.add((answer.status_code, answer.text))
    assert len(bodies) == 1


def test_an_unknown_account_takes_as_long_as_a_known_one(doors: Doors):
    """Made with the portal's own parameters, unlike those of other tests."""
    browser = doors.browser()
    doors.api.put_account("rosa", password=PORTAL_PASSWORD)
    assert ask(browser, "rosa", PORTAL_PASSWORD).status_code == 201  # hashed anew as it should be

    def seconds(name: str) -> float:
        started = time.perf_counter()
        assert ask(doors.browser(), name, "wrong").status_code == 401
        return time.perf_counter() - started

    taken = {"rosa": [], "no-such-rosa": []}
    for _ in range(4):
        for name, times in taken.items():
            times.append(seconds(name))
    known, unknown = (statistics.median(times) for times in taken.values())
    assert 1 / 3 < known / unknown < 3


def test_a_system_manager_of_a_who_resets_a_password_there_does_not_get_into_b(doors: Doors):
    links = {"a": RAVI, "b": RAVI}
    doors.api.put_account("ravi", password=PORTAL_PASSWORD, is_operator=True, links=links)
    doors.a.control.do("password", user=RAVI, password="reset-by-mallory")
    try:
        mallory = doors.sign_in(RAVI, "reset-by-mallory", "a")
    finally:
        doors.a.control.do("password", user=RAVI, password=A_PASSWORD)
    assert open_links(mallory) == {"a"}
    assert mallory.get("/api/v1/freshness").status_code == 403
    own = {"current_password": "reset-by-mallory", "new_password": "chosen by mallory"}
    assert mallory.put(f"{SESSION}/password", json=own).status_code == 403
    assert mallory.delete(f"{SESSION}/links/b").status_code == 404
    guess = {"instance": "b", "username": RAVI, "password": "reset-by-mallory"}
    assert mallory.post(f"{SESSION}/links", json=guess).status_code == 401
    token = mallory.post(TOKENS, json={"title": "x"}).json()["token"]
    assert open_links(doors.script(token)) == {"a"}
    for name, instance in ((RAVI, "b"), ("ravi", None), (RAVI, None)):
        assert ask(doors.browser(), name, "reset-by-mallory", instance).status_code == 401


def test_no_secret_gets_into_logs_audit_or_store(doors: Doors):
    doors.api.put_account("sara", password=PORTAL_PASSWORD, links={"a": ASHA})
    browser = doors.sign_in("sara")
    token = browser.post(TOKENS, json={"title": "x"}).json()["token"]
    by_erp = doors.sign_in(ASHA, B_PASSWORD, "b")
    key = {"instance": "b", "api_key": f"key-of-{ASHA}", "api_secret": B_PASSWORD}
    by_erp.post(f"{SESSION}/links", json=key)
    for odd in ({"username": [A_PASSWORD]}, {"password": 7, "username": A_PASSWORD}):
        assert A_PASSWORD not in browser.post(SESSION, json=odd).text
    doors.script(token).get(DOCUMENTS)
    ask(doors.browser(), A_PASSWORD, "typed-into-the-wrong-field")
    cookies = [one.cookies[COOKIE] for one in (browser, by_erp)]
    secrets = [PORTAL_PASSWORD, A_PASSWORD, B_PASSWORD, token, doors.a.secret, *cookies]
    secrets += [f"key-of-{ASHA}", "typed-into-the-wrong-field"]
    names = ("accounts", "links", "sessions", "tokens", "sign_in_counts")
    kept = str([doors.store(f"portal_{name}") for name in names] + doors.store("audit"))
    for secret in secrets:
        assert secret not in kept
        assert secret not in doors.api.log
