"""Personal access tokens: made in a session, shown once, for reading, until they expire."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.doors import A_PASSWORD, B_PASSWORD, PORTAL_PASSWORD, RAVI, SESSION, open_links

if TYPE_CHECKING:
    from tests.api.doors import Doors

TOKENS = "/api/v1/tokens"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", TOKENS, None), ("POST", TOKENS, {"title": "x"}), ("DELETE", f"{TOKENS}/x", None)],
)
def test_a_stranger_is_told_to_sign_in(doors: Doors, method: str, path: str, body: Any):
    answer = doors.browser().request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_token_is_shown_once_and_reads(doors: Doors):
    doors.api.put_account("mira", password=PORTAL_PASSWORD, links={"b": RAVI})
    browser = doors.sign_in("mira")
    made = browser.post(TOKENS, json={"title": "my script", "days": 7})
    assert made.status_code == 201
    token = made.json()["token"]
    assert re.fullmatch(r"csa_[A-Za-z0-9_-]{43}", token)
    listed = browser.get(TOKENS)
    assert [one["title"] for one in listed.json()["items"]] == ["my script", "tests"]
    assert token not in listed.text
    script = doors.script(token)
    assert script.get(SESSION).json()["means"] == "token"
    assert open_links(script) == {"b"}


def test_a_revoked_token_opens_nothing_at_once(doors: Doors):
    doors.api.put_account("mira", password=PORTAL_PASSWORD)
    browser = doors.sign_in("mira")
    made = browser.post(TOKENS, json={"title": "x"}).json()
    script = doors.script(made["token"])
    assert script.get(SESSION).status_code == 200
    assert browser.delete(f"{TOKENS}/{made['id']}").status_code == 204
    assert script.get(SESSION).status_code == 401
    assert browser.delete(f"{TOKENS}/{made['id']}").status_code == 404


def test_someone_elses_token_is_not_there(doors: Doors):
    doors.api.put_account("mira", password=PORTAL_PASSWORD)
    doors.api.put_account("nela", password=PORTAL_PASSWORD)
    answer = doors.sign_in("nela").delete(f"{TOKENS}/token-mira")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_token_opens_no_more_than_the_session_that_made_it(doors: Doors):
    doors.api.put_account("uma", password=PORTAL_PASSWORD, links={"a": RAVI, "b": RAVI, "c": RAVI})
    made = doors.sign_in(RAVI, A_PASSWORD, "a").post(TOKENS, json={"title": "x"}).json()
    assert open_links(doors.script(made["token"])) == {"a", "c"}


def test_a_session_of_an_erp_sees_and_revokes_no_token_that_opens_more(doors: Doors):
    doors.api.put_account("uma", password=PORTAL_PASSWORD, links={"a": RAVI, "b": RAVI, "c": RAVI})
    at_a, at_b = doors.sign_in(RAVI, A_PASSWORD, "a"), doors.sign_in(RAVI, B_PASSWORD, "b")
    at_c, whole = doors.sign_in(RAVI, B_PASSWORD, "c"), doors.sign_in("uma")
    made = {
        title: browser.post(TOKENS, json={"title": title}).json()["id"]
        for title, browser in (("a", at_a), ("b", at_b), ("whole", whole))
    }
    seen = [
        {one["title"] for one in browser.get(TOKENS).json()["items"]} & set(made)
        for browser in (at_a, at_b, at_c, whole)
    ]
    assert seen == [{"a"}, {"b"}, {"a"}, {"a", "b", "whole"}]
    for title in ("b", "whole"):
        assert at_a.delete(f"{TOKENS}/{made[title]}").status_code == 404
    assert at_c.delete(f"{TOKENS}/{made['a']}").status_code == 204
    assert whole.delete(f"{TOKENS}/{made['b']}").status_code == 204


def test_a_token_of_a_session_of_an_erp_lasts_a_month_at_most(doors: Doors):
    doors.api.put_account("uma", password=PORTAL_PASSWORD, links={"a": RAVI})
    lengths = []
    for browser in (doors.sign_in(RAVI, A_PASSWORD, "a"), doors.sign_in("uma")):
        made = browser.post(TOKENS, json={"title": "x", "days": 365}).json()
        lengths.append((datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)).days)
    assert lengths == [29, 364]


@pytest.mark.parametrize(
    "order",
    [{}, {"title": ""}, {"title": "x", "days": 0}, {"title": "x", "days": 366}, {"title": 1}],
)
def test_a_token_without_title_or_of_odd_length_is_refused(doors: Doors, order: dict[str, Any]):
    doors.api.put_account("mira", password=PORTAL_PASSWORD)
    answer = doors.sign_in("mira").post(TOKENS, json=order)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_value")


def test_a_token_makes_no_token_and_ends_no_session(doors: Doors):
    script = doors.script(doors.api.put_account("mira"))
    calls = [("POST", TOKENS), ("DELETE", f"{TOKENS}/token-mira"), ("DELETE", SESSION)]
    calls += [("PUT", f"{SESSION}/password"), ("POST", f"{SESSION}/links")]
    for method, path in calls:
        answer = script.request(method, path, json={"title": "x"})
        assert (answer.status_code, answer.json()["code"]) == (403, "token_read_only")


def test_an_account_has_fifty_tokens_at_most(doors: Doors):
    doors.api.put_account("olga", password=PORTAL_PASSWORD)
    browser = doors.sign_in("olga")
    statuses = [browser.post(TOKENS, json={"title": "x"}).status_code for _ in range(50)]
    assert statuses == [201] * 49 + [409]
