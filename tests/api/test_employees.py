"""Three employees of the sample site at the same documents: what one sees says nothing of the rest.

`accounts` sees the books whole, `field` what lies in one territory, `sales` no invoices and only
the Farmers whom they registered; the numbers of a Farmer's papers are for `accounts` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.books.people import TERRITORY_OF_FIELD

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.api.serving import ApiProcess

BASE = "/api/v1/instances/site/doctypes"
FARMERS = f"{BASE}/Farmer/documents"
INVOICES = f"{BASE}/Sales Invoice/documents"
EMPLOYEES = ("accounts", "field", "sales")
SECRETS = ("aadhaar", "bank_account_no")


@pytest.fixture(scope="module")
def staff(api: ApiProcess, client: httpx.Client) -> Iterator[dict[str, httpx.Client]]:
    """A client of each employee."""
    [farmer] = client.get(f"{FARMERS}?fields=owner&size=1").json()["items"]
    domain = farmer["document"]["owner"].partition("@")[2]
    tokens = {name: api.put_account(name, links={"site": f"{name}@{domain}"}) for name in EMPLOYEES}
    opened = {name: api.client(token) for name, token in tokens.items()}
    yield opened
    for one in opened.values():
        one.close()


def count(client: httpx.Client, path: str) -> int:
    number: int = client.get(f"{path}{'&' if '?' in path else '?'}count=exact").json()["count"]
    return number


def test_each_sees_their_own_part(staff: dict[str, httpx.Client]):
    farmers = {name: count(one, FARMERS) for name, one in staff.items()}
    assert farmers["accounts"] > farmers["sales"] > 0
    assert count(staff["accounts"], f"{FARMERS}?territory__exact={TERRITORY_OF_FIELD}") > 0
    rows = staff["field"].get(f"{INVOICES}?fields=territory&size=500").json()["items"]
    assert {row["document"].get("territory") for row in rows} <= {TERRITORY_OF_FIELD, None, ""}
    assert len(rows) < count(staff["accounts"], INVOICES)


def test_what_is_not_for_somebody_is_as_good_as_absent(staff: dict[str, httpx.Client]):
    invoices = staff["accounts"].get(f"{INVOICES}?size=500").json()["items"]
    seen = {row["name"] for row in staff["field"].get(f"{INVOICES}?size=500").json()["items"]}
    [name, *_] = [row["name"] for row in invoices if row["name"] not in seen]
    hidden = staff["field"].get(f"{INVOICES}/{name}")
    assert hidden.json() == staff["field"].get(f"{INVOICES}/nothing").json()
    assert staff["field"].get(f"{BASE}/Sales Invoice/document?name={name}").status_code == 404
    for path in (INVOICES, f"{INVOICES}/{name}", f"{BASE}/Sales Invoice"):
        assert staff["sales"].get(path).json() == staff["sales"].get("/nothing").json()


def test_no_number_counts_what_one_may_not_see(staff: dict[str, httpx.Client]):
    told = {
        name: {row["doctype"]: row["documents"] for row in one.get(BASE).json()["items"]}
        for name, one in staff.items()
    }
    assert "Sales Invoice" not in told["sales"]
    assert told["field"]["Sales Invoice"] is None
    assert told["sales"]["Farmer"] is None
    assert told["accounts"]["Farmer"] == count(staff["accounts"], FARMERS)
    for name, one in staff.items():
        assert one.get(f"{BASE}/Farmer").json()["documents"] == told[name]["Farmer"]
        instance = one.get("/api/v1/instances/site").json()
        assert instance["documents"] == sum(number or 0 for number in told[name].values())
        assert instance["doctypes"] == sum(number != 0 for number in told[name].values())


def test_hidden_fields_are_not_there(staff: dict[str, httpx.Client]):
    [row] = staff["sales"].get(f"{FARMERS}?size=1&fields=*").json()["items"]
    whole = staff["accounts"].get(f"{FARMERS}/{row['name']}").json()["document"]
    assert set(whole) - set(row["document"]) == set(SECRETS) & set(whole) != set()
    for field in SECRETS:
        for query in (f"{field}__startswith=1", f"sort={field}", f"fields=name,{field}"):
            answer = staff["sales"].get(f"{FARMERS}?{query}")
            assert answer.json()["code"] == "unknown_field"
            assert field not in answer.json()["detail"].partition(" to ")[2]
            assert staff["accounts"].get(f"{FARMERS}?{query}").status_code == 200


def test_a_cursor_is_of_no_use_to_another(staff: dict[str, httpx.Client]):
    cursor = staff["accounts"].get(f"{FARMERS}?size=1").json()["next_cursor"]
    assert staff["accounts"].get(f"{FARMERS}?size=1&cursor={cursor}").status_code == 200
    answer = staff["field"].get(f"{FARMERS}?size=1&cursor={cursor}")
    assert answer.json()["code"] == "cursor_mismatch"


def test_an_etag_is_of_what_was_shown(staff: dict[str, httpx.Client]):
    [row] = staff["sales"].get(f"{FARMERS}?size=1").json()["items"]
    path = f"{FARMERS}/{row['name']}"
    tags = {name: staff[name].get(path).headers["ETag"] for name in ("accounts", "sales")}
    assert len(set(tags.values())) == 2
    for name, tag in tags.items():
        for other in tags:
            answer = staff[other].get(path, headers={"If-None-Match": tag})
            assert answer.status_code == (304 if other == name else 200)


def test_an_operator_without_a_user_there_opens_nothing(api: ApiProcess):
    with api.client(api.put_account("watcher", is_operator=True)) as watcher:
        assert watcher.get("/api/v1/freshness").status_code == 200
        assert watcher.get("/api/v1/instances").json()["items"] == []
        for path in ("/api/v1/instances/site", BASE, FARMERS):
            assert watcher.get(path).status_code == 404
