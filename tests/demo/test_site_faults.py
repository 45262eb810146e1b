import time

import httpx
import pytest

from demo.site.process import SiteProcess
from tests.demo.conftest import TOKEN, make_dataset, order, rows_of, write_folder

LIST = "/api/resource/Customer"


def fault(site, action, **rule):
    order(site, "faults", rules=[{"action": action, **rule}])


@pytest.mark.parametrize(
    ("rule", "status", "exc_type"),
    [
        ({"action": "status", "status": 500}, 500, "OperationalError"),
        ({"action": "status", "status": 403, "exc_type": "X"}, 403, "X"),
        ({"action": "unauthorized"}, 401, "AuthenticationError"),
        ({"action": "throttle", "retry_after": 7}, 429, "TooManyRequestsError"),
        ({"action": "maintenance"}, 503, "SessionStopped"),
    ],
)
async def test_a_rule_answers_with_an_error_once(client, site, rule, status, exc_type):
    fault(site, **rule)
    answer = await client.get(LIST)
    assert (answer.status_code, answer.json()["exc_type"]) == (status, exc_type)
    assert (await client.get(LIST)).status_code == 200


async def test_a_throttled_client_is_told_when_to_come_again_or_not(client, site):
    fault(site, "throttle", retry_after="Mon, 23 Nov 2026 10:00:00 GMT")
    fault(site, "throttle", skip=1)
    answer = await client.get(LIST)
    assert answer.headers["retry-after"] == "Mon, 23 Nov 2026 10:00:00 GMT"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    answer = await client.get(LIST)
    assert answer.status_code == 429
    assert "retry-after" not in answer.headers


async def test_maintenance_sets_no_cookies(client, site):
    fault(site, "maintenance", times=None)
    for _ in range(3):
        answer = await client.get("/api/method/ping")
        assert answer.status_code == 503
        assert "set-cookie" not in answer.headers


async def test_a_proxy_answers_with_a_page(client, site):
    fault(site, "html", status=504)
    answer = await client.get(LIST)
    assert answer.status_code == 504
    assert answer.headers["content-type"] == "text/html"
    assert "Gateway Timeout" in answer.text


async def test_garbage_is_no_json_and_may_be_given(client, site):
    fault(site, "garbage")
    answer = await client.get(LIST)
    assert answer.status_code == 200
    with pytest.raises(ValueError):  # noqa: PT011 - not JSON, perhaps not even text
        answer.json()
    fault(site, "garbage", body="[1]")
    assert (await client.get(LIST)).json() == [1]


@pytest.mark.parametrize(
    ("action", "body"), [("empty", b'{"data":[]}'), ("keyless", b"{}"), ("blank", b"")]
)
async def test_an_answer_may_lack_what_it_should_hold(client, site, action, body):
    fault(site, action)
    assert (await client.get(LIST)).content == body


async def test_a_child_list_may_come_short(client, site):
    fault(site, "truncate", rows=2, match={"parent": "Sales Invoice"})
    params = {"parent": "Sales Invoice", "fields": ["name"]}
    assert len(await rows_of(client, "Sales Invoice", fields=["name"])) == 3
    assert len(await rows_of(client, "Sales Invoice Item", **params)) == 2
    assert len(await rows_of(client, "Sales Invoice Item", **params)) == 5


async def test_a_slow_answer_is_right_in_the_end(client, site):
    fault(site, "delay", seconds=0.05)
    started = time.monotonic()
    assert (await client.get(LIST)).status_code == 200
    assert time.monotonic() - started >= 0.05


async def test_a_row_may_be_saved_between_the_parents_and_their_children(client, site):
    change = {
        "do": "edit",
        "doctype": "Sales Invoice",
        "name": "INV-1",
        "child_values": {"INV-1-items-1": {"qty": 99.0}},
        "modified": "now",
    }
    fault(site, "edit", match={"doctype": "Sales Invoice Item"}, changes=[change])
    before = await rows_of(client, "Sales Invoice", fields=["modified"], filters={"name": "INV-1"})
    children = await rows_of(
        client, "Sales Invoice Item", parent="Sales Invoice", fields=["name", "qty"]
    )
    after = await rows_of(client, "Sales Invoice", fields=["modified"], filters={"name": "INV-1"})
    assert {row["name"]: row["qty"] for row in children}["INV-1-items-1"] == 99.0
    assert before != after


@pytest.mark.parametrize(
    ("match", "fires"),
    [
        ({}, True),
        ({"method": "GET"}, True),
        ({"method": "POST"}, False),
        ({"path_regex": "^/api/resource/"}, True),
        ({"path_regex": "^/api/method/"}, False),
        ({"kind": "list"}, True),
        ({"kind": "read"}, False),
        ({"doctype": "Customer"}, True),
        ({"doctype": "Item"}, False),
        ({"contains": "Odisha"}, True),
        ({"contains": "Kerala"}, False),
        ({"parent": "Sales Invoice"}, False),
        ({"doctype": "Customer", "method": "POST"}, False),
    ],
)
async def test_a_rule_is_for_the_requests_that_fit_all_it_names(client, site, match, fires):
    fault(site, "status", match=match)
    answer = await client.get(LIST, params={"filters": '[["territory","=","Odisha"]]'})
    assert (answer.status_code == 502) == fires


async def test_a_rule_skips_then_acts_as_often_as_it_says(client, site):
    fault(site, "status", status=500, skip=1, times=2)
    seen = [(await client.get(LIST)).status_code for _ in range(5)]
    assert seen == [200, 500, 500, 200, 200]
    fault(site, "status", times=None)
    order(site, "clear_faults")
    assert (await client.get(LIST)).status_code == 200


def test_a_connection_is_cut_in_the_middle_of_a_body(tmp_path):
    with SiteProcess(dataset=write_folder(make_dataset(), tmp_path)) as site:
        site.control.fault("cut")
        site.control.fault("cut", sent_bytes=0, skip=1)
        with httpx.Client(base_url=site.url, headers={"Authorization": TOKEN}) as client:
            for _ in range(2):
                with pytest.raises(httpx.RemoteProtocolError):
                    client.get(LIST)
            assert client.get(LIST).status_code == 200
