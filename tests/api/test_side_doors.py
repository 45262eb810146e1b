"""What is refused at the front is not told at the side: other methods, names, moments, mixtures."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.inside import Inside
from tests.api.test_truth_table import DOCTYPES, MOMENT, Door
from tests.snapshots import put_snapshot
from tests.warehouse.access.test_truth_of_fields import world
from tests.warehouse.access.worlds import EMPLOYEE, INVOICE, make_field, make_row
from warehouse.access.snapshot import User
from warehouse.access.snapshots import REMEMBERED_S as SNAPSHOT_S
from warehouse.accounts.identity import REMEMBERED_S as CALLER_S
from warehouse.documents.accounts import AccessToken, Account
from warehouse.documents.control import CatalogEntry
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    import httpx
    from pymongo.asynchronous.database import AsyncDatabase

    from tests.warehouse.access.worlds import World

LIST = f"{DOCTYPES}/{INVOICE}/documents"
OWN, OTHER = {"name": "of C1", "company": "C1"}, {"name": "of C2", "company": "C2"}
PAGES = [{"name": f"I-{number}", "company": "C1"} for number in range(4)]
# Of an answer: what differs from one to the next at any rate.
CHANGING = {"x-request-id", "date"}


@pytest.fixture
def door(mongodb_uri: str, database: AsyncDatabase[dict[str, Any]]) -> Door:
    return Door(mongodb_uri, database.name)


def restricted() -> World:
    return world().permit("Company", "C1")


def describe(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    headers = {key: value for key, value in answer.headers.items() if key not in CHANGING}
    return answer.status_code, headers, answer.content


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("headers", [{}, {"If-None-Match": "*"}, {"Range": "bytes=0-1"}])
async def test_no_method_tells_a_refused_document_from_one_that_is_not_there(
    door: Door, method: str, headers: dict[str, str]
):
    async with door.open(restricted(), [OWN, OTHER]) as client:
        client.event_hooks = {}
        for path in (f"{LIST}/of {{}}", f"{DOCTYPES}/{INVOICE}/document?name=of {{}}"):
            refused, absent = [
                describe(await client.request(method, path.format(name), headers=headers))
                for name in ("C2", "C9")
            ]
            assert refused == absent
            assert refused[0] in {204, 400, 403, 404, 405}


@pytest.mark.parametrize("spelled", ["sales invoice", "SALES INVOICE", "Sales Invoice ", "User"])
async def test_a_doctype_goes_by_its_very_name(door: Door, spelled: str):
    async with door.open(world(), [OWN]) as client:
        for path in (f"{DOCTYPES}/{spelled}", f"{DOCTYPES}/{spelled}/documents"):
            assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize(
    "name", ["OF C1", "of C1 ", " of C1", "of%20C1", "of C1\N{ZERO WIDTH SPACE}"]
)
async def test_a_document_goes_by_its_very_name(door: Door, name: str):
    async with door.open(restricted(), [OWN]) as client:
        answer = await client.get(f"{DOCTYPES}/{INVOICE}/document", params={"name": name})
        assert answer.status_code == 404


async def test_no_filter_sort_or_count_reaches_beyond_what_may_be_seen(door: Door):
    queries = (
        *("company__exact=C2", "company__not=C1", "name__in=of C2", "name__contains=C2"),
        *("company__isnull=1", "owner__exact=o@x", "name__gte=of C2", "company__between=C2,C2"),
    )
    async with door.open(restricted(), [OWN, OTHER]) as client:
        for query in queries:
            page = (await client.get(f"{LIST}?{query}&count=exact&fields=*")).json()
            assert {item["name"] for item in page["items"]} <= {"of C1"}, query
            assert page["count"] == len(page["items"]), query
        for query in ("sort=company", "sort=-company", "sort=-name"):
            page = (await client.get(f"{LIST}?{query}&size=1&count=capped")).json()
            assert (page["count"], page["next_cursor"]) == (1, None)


async def test_an_amended_document_is_one_of_its_own(door: Door):
    """`amended_from` is a link to the DocType itself: both it and the name have to be allowed."""
    site = world().permit(INVOICE, "I-1")
    site.metas[INVOICE]["fields"].append(make_field("amended_from", "Link", INVOICE))
    documents = [
        {"name": "I-1"},
        {"name": "I-1-1", "amended_from": "I-1"},
        {"name": "I-2", "amended_from": "I-1"},
    ]
    async with door.open(site, documents) as client:
        page = (await client.get(f"{LIST}?amended_from__exact=I-1&count=exact")).json()
        assert (page["items"], page["count"]) == ([], 0)
        [item] = (await client.get(LIST)).json()["items"]
        assert item["name"] == "I-1"


async def first_page(client: httpx.AsyncClient) -> str:
    cursor: str = (await client.get(f"{LIST}?size=1")).json()["next_cursor"]
    assert (await client.get(f"{LIST}?size=1&cursor={cursor}")).status_code == 200
    return cursor


async def next_page(client: httpx.AsyncClient, cursor: str, after_s: float) -> tuple[int, str]:
    await asyncio.sleep(after_s + 0.1)
    answer = await client.get(f"{LIST}?size=1&cursor={cursor}")
    return answer.status_code, answer.json().get("code", "")


async def test_rules_that_change_between_two_pages_hold_from_the_second_on(door: Door):
    async with door.open(world().permit("Company", "C1", "C2"), PAGES) as client:
        cursor = await first_page(client)
        await put_snapshot(replace(world().permit("Company", "C2").snapshot()))
        assert await next_page(client, cursor, SNAPSHOT_S) == (400, "cursor_mismatch")
        assert (await client.get(f"{LIST}?count=exact")).json()["count"] == 0
        site = world()
        site.roles = set()
        await put_snapshot(site.snapshot())
        assert await next_page(client, cursor, SNAPSHOT_S) == (404, "not_found")


@pytest.mark.parametrize(
    "user",
    [
        None,
        User(EMPLOYEE, is_enabled=False, user_type="System User", creation="2026-01-01"),
        User(EMPLOYEE, is_enabled=True, user_type="System User", creation="2026-11-26"),
        User(EMPLOYEE, is_enabled=True, user_type="Website User", creation="2026-01-01"),
    ],
    ids=["gone", "disabled", "made anew", "no System User any more"],
)
async def test_a_user_who_is_another_by_now_reads_no_second_page(door: Door, user: User | None):
    async with door.open(world(), PAGES) as client:
        cursor = await first_page(client)
        snapshot = world().snapshot()
        others = {name: one for name, one in snapshot.users.items() if name != EMPLOYEE}
        now = others | ({EMPLOYEE: user} if user else {})
        await put_snapshot(replace(snapshot, users=now))
        after_s = SNAPSHOT_S + CALLER_S
        assert await next_page(client, cursor, after_s) == (404, "not_found")
        assert (await client.get("/api/v1/instances")).json()["items"] == []


@pytest.mark.parametrize("how", ["revoked", "expired", "disabled"])
async def test_a_token_that_ends_between_two_pages_reads_no_second_one(door: Door, how: str):
    async with door.open(world(), PAGES) as client:
        cursor = await first_page(client)
        if how == "disabled":
            accounts = Account.get_pymongo_collection()
            await accounts.update_one({"_id": "employee"}, {"$set": {"is_disabled": True}})
        elif how == "expired":
            tokens = AccessToken.get_pymongo_collection()
            await tokens.update_one({"account": "employee"}, {"$set": {"expires_at": MOMENT}})
        else:
            await AccessToken.get_pymongo_collection().delete_one({"account": "employee"})
        assert await next_page(client, cursor, CALLER_S) == (401, "not_authenticated")


async def test_a_cookie_beside_a_token_adds_nothing_and_saves_none(door: Door):
    async with door.open(world(), [OWN]) as client:
        cookie = {"Cookie": "csa_session=" + "A" * 43}
        assert (await client.get(f"{LIST}/of C1", headers=cookie)).status_code == 200
        for wrong in ("Bearer csa_" + "A" * 43, "Basic dTpw", "Bearer"):
            headers = cookie | {"Authorization": wrong}
            assert (await client.get(f"{LIST}/of C1", headers=headers)).status_code == 401


async def test_a_shared_single_shows_what_its_levels_do(door: Door):
    site = world().share("Farm", "Farm")
    fields = (make_field("motto"), make_field("pin", permlevel=1))
    site.add_doctype({"name": "Farm", "fields": list(fields)}, is_single=True)
    document = {"name": "Farm", "motto": "grow", "pin": "1234"}
    async with door.open(site, [document], "Farm") as client:
        path = f"{DOCTYPES}/Farm/documents"
        shown = (await client.get(f"{path}/Farm")).json()["document"]
        assert ("motto" in shown, "pin" in shown) == (True, False)
        assert (await client.get(f"{path}?pin__exact=1234")).status_code == 400


async def test_two_people_at_one_api_get_each_their_own_in_turn(
    mongodb_uri: str, database: AsyncDatabase[dict[str, Any]]
):
    site = restricted()
    snapshot = site.snapshot()
    other = "other@x"
    users = snapshot.users | {other: replace(snapshot.users[EMPLOYEE], name=other)}
    roles = snapshot.roles | {other: frozenset({"A"})}
    await put_snapshot(replace(snapshot, users=users, roles=roles))
    await CatalogEntry(instance="site", doctype=INVOICE, policy="ordinary").insert()
    rows = [make_row(INVOICE, one) | {"synced_at": MOMENT} for one in (OWN, OTHER)]
    await raw_model("site").get_pymongo_collection().insert_many(rows)
    async with Inside(mongodb_uri, database.name) as inside:
        tied = await inside.sign_in("tied", site=EMPLOYEE)
        free = await inside.sign_in("free", site=other)
        answers = await asyncio.gather(
            *(client.get(f"{LIST}?count=exact") for _ in range(20) for client in (tied, free))
        )
    assert [answer.json()["count"] for answer in answers] == [1, 2] * 20
