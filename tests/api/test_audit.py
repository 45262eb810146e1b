"""The audit of reads: who read, listed and exported what, with the query and the number of rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from litestar.handlers import HTTPRouteHandler

from api.app import CONTROLLERS
from api.audit import AUDITED
from tests.api.doors import DATABASE, DOCUMENTS, PORTAL_PASSWORD, SESSION, ask
from tests.commanding import Csa

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.doors import Doors

WIDE = "integration@csa.example"
WAIT_S = 20.0
OF_DOCUMENTS = ("/documents", "/document", "/rows", "/query", "/export", "/search", "/suggest")


def wait_for_entries(doors: Doors, account: str, number: int) -> list[dict[str, Any]]:
    """Return an account's entries, the first one first, when there are as many."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        entries = [one for one in doors.store("audit") if one.get("account") == account]
        if len(entries) >= number:
            return entries
        time.sleep(0.1)
    raise TimeoutError(f"{len(entries)} entries")


def test_reads_and_lists_are_written_down_with_what_was_asked_and_given(doors: Doors):
    script = doors.script(doors.api.put_account("auditee", links={"a": WIDE}))
    page = script.get(DOCUMENTS, params={"size": 2, "customer_name__contains": "a"})
    name = script.get(DOCUMENTS, params={"size": 1}).json()["items"][0]["name"]
    script.get(f"{DOCUMENTS}/{quote(name, safe='')}", headers={"X-Request-Id": "one-read"})
    script.get(DOCUMENTS.removesuffix("s"), params={"name": name})
    script.get(f"{DOCUMENTS}/no-such-customer")
    listed, _, read, by_name, absent = wait_for_entries(doors, "auditee", 5)
    assert listed["event"] == "listed"
    assert (listed["instance"], listed["doctype"], listed["status"]) == ("a", "Customer", 200)
    assert listed["asked"] == [["size", "2"], ["customer_name__contains", "a"]]
    assert listed["rows"] == len(page.json()["items"]) > 0
    assert (read["event"], read["name"], read["request_id"]) == ("read", name, "one-read")
    assert (by_name["event"], by_name["name"], "asked" in by_name) == ("read", name, False)
    assert (absent["name"], absent["status"]) == ("no-such-customer", 404)
    assert {one["account_name"] for one in (listed, read)} == {"auditee"}
    assert {one["address"] for one in (listed, read)} == {"127.0.0.1"}


def test_no_query_stops_the_audit_or_hides_what_was_asked(doors: Doors):
    script = doors.script(doors.api.put_account("sly", links={"a": WIDE}))
    script.get(f"{DOCUMENTS}?%00=1&%24x=1&a.b=1&x=%FF%ED%A0%80")
    script.get(f"{DOCUMENTS}?name__not=a&name__not=b&size=1")
    odd, repeated = wait_for_entries(doors, "sly", 2)
    assert (odd["status"], odd["asked"][0]) == (400, ["\0", "1"])
    assert (repeated["status"], repeated["rows"]) == (200, 1)
    assert repeated["asked"][:2] == [["name__not", "a"], ["name__not", "b"]]


def test_no_parameter_pushes_filters_out_of_the_audit(doors: Doors):
    script = doors.script(doors.api.put_account("pusher", links={"a": WIDE}))
    fields = ",".join(["name"] * 1600)
    for query in (f"fields={fields}", f"fields={fields},{fields}", f"sort={fields}"):
        script.get(f"{DOCUMENTS}?{query}&name__not=secret")
    answered, too_long, sort = wait_for_entries(doors, "pusher", 3)
    assert [one["status"] for one in (answered, too_long, sort)] == [200, 400, 400]
    assert ["name__not", "secret"] in answered["asked"]
    assert "truncated" not in answered
    assert ["name__not", "secret"] in too_long["asked"]
    assert too_long["truncated"]


def test_every_route_that_gives_documents_is_audited():
    """A route that shows documents and says so to nobody must not be added unseen."""
    silent = [
        path
        for controller in CONTROLLERS
        for handler in vars(controller).values()
        if isinstance(handler, HTTPRouteHandler)
        for path in (vars(controller).get("path", "") + part for part in handler.paths)
        if any(part in path for part in OF_DOCUMENTS) and AUDITED not in (handler.opt or {})
    ]
    assert silent == []


def test_sign_ins_failures_and_sign_outs_are_written_down(doors: Doors):
    doors.api.put_account("visited", password=PORTAL_PASSWORD)
    ask(doors.browser("192.0.2.200"), "visited", "wrong")
    browser = doors.sign_in("visited")
    browser.delete(SESSION)
    failed, signed_in, signed_out = wait_for_entries(doors, "visited", 3)
    assert (failed["event"], failed["address"]) == ("sign_in_failed", "192.0.2.200")
    assert failed["reason"] == "sign_in_failed"
    assert (signed_in["event"], signed_out["event"]) == ("signed_in", "signed_out")


def test_csa_user_audit_shows_it(doors: Doors, tmp_path: Path):
    doors.api.put_account("shown", password=PORTAL_PASSWORD)
    doors.sign_in("shown")
    csa = Csa(tmp_path, doors.api.mongodb_uri, DATABASE)
    entries = csa.run("user", "audit", "shown", "--json").json["entries"]
    assert [one["event"] for one in entries] == ["signed_in"]
    assert "signed_in" in csa.run("user", "audit", "shown").stdout
