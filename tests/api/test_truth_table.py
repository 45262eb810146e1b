"""The truth table of read permissions, 51 cases, over HTTP: lists, counts, reads.

The rows are those of the compiler's tests. What only the tables can show (47, 48) is there.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.inside import Inside, list_names
from tests.snapshots import put_snapshot
from tests.warehouse.access.test_truth_of_fields import field_of, world
from tests.warehouse.access.test_truth_table import NOTES, ROWS
from tests.warehouse.access.worlds import (
    EMPLOYEE,
    INVOICE,
    World,
    make_field,
    make_meta,
    make_row,
    read_rule,
)
from warehouse.access.snapshot import Rule
from warehouse.documents.control import CatalogEntry
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    import httpx
    from pymongo.asynchronous.database import AsyncDatabase

MOMENT = datetime(2026, 4, 1, tzinfo=UTC)
DOCTYPES = "/api/v1/instances/site/doctypes"


class Door:
    """An employee at the API of a small site."""

    def __init__(self, mongodb_uri: str, database: str) -> None:
        self._where = (mongodb_uri, database)

    @asynccontextmanager
    async def open(
        self,
        site: World,
        documents: Iterable[dict[str, Any]] = (),
        doctype: str = INVOICE,
        age: timedelta = timedelta(),
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Store a site's permissions and documents of one DocType, and let the employee in."""
        await put_snapshot(site.snapshot(), datetime.now(UTC) - age)
        await CatalogEntry(instance="site", doctype=doctype, policy="ordinary").insert()
        rows = [make_row(doctype, document) for document in documents]
        for row in rows:
            row |= {"synced_at": MOMENT, "erp_modified": row["document_data"].get("modified")}
        if rows:
            await raw_model("site").get_pymongo_collection().insert_many(rows)
        async with Inside(*self._where) as inside:
            yield await inside.sign_in("employee", site=EMPLOYEE)


@pytest.fixture
def door(mongodb_uri: str, database: AsyncDatabase[dict[str, Any]]) -> Door:
    return Door(mongodb_uri, database.name)


async def read_everything(
    client: httpx.AsyncClient, doctype: str, names: Iterable[str]
) -> list[str]:
    """Return the names that are shown; lists, counts and single reads have to agree."""
    path = f"{DOCTYPES}/{doctype}"
    if (await client.get(f"{path}/documents")).status_code == 404:
        assert (await client.get(path)).status_code == 404
        listed: list[str] = []
    else:
        listed, count = await list_names(client, f"{path}/documents", sort="name")
        assert count == len(listed)
    for name in names:
        answer = await client.get(f"{path}/document", params={"name": name})
        assert answer.status_code == (200 if name in listed else 404), name
    return listed


CASES = {row[0]: row[1:] for row in ROWS}
# Website Users may have an account at ERPNext, and none here.
NOT_LET_IN = {"7 All": ()}


@pytest.mark.parametrize("case", CASES)
async def test_rows(door: Door, case: str):
    make, documents, shown = CASES[case]
    async with door.open(make(), documents) as client:
        names = [document["name"] for document in documents]
        found = await read_everything(client, INVOICE, names)
    assert found == list(NOT_LET_IN.get(case, shown))


async def test_40_notes_and_what_is_shared_of_them(door: Door):
    site = World().grant("Note", read_rule()).share("Note", "private")
    site.add_doctype(make_meta("Note", make_field("public", "Check")))
    async with door.open(site, NOTES, "Note") as client:
        names = [note["name"] for note in NOTES]
        assert await read_everything(client, "Note", names) == ["mine", "private", "public"]


async def test_43_and_44_child_and_virtual_doctypes_are_absent(door: Door):
    site = world().grant("Sales Invoice Item", read_rule()).grant("Weather", read_rule())
    site.add_doctype(make_meta("Weather"), is_virtual=True)
    async with door.open(site) as client:
        for doctype in ("Sales Invoice Item", "Weather"):
            assert await read_everything(client, doctype, ["row"]) == []


def at_level(fieldname: str, doctype: str = INVOICE) -> World:
    site = world()
    field_of(site, doctype, fieldname)["permlevel"] = 1
    return site


def masked() -> World:
    site = world(read_rule(), read_rule(permlevel=1))
    site.versions = {"frappe": "16.0.0"}
    field_of(site, INVOICE, "customer")["mask"] = 1
    return site


def with_password() -> World:
    site = world()
    site.metas[INVOICE]["fields"].append(make_field("pin", "Password"))
    return site


HIDDEN: dict[str, tuple[Callable[[], World], str]] = {
    "33 level 1": (world, "margin"),
    "34 level 1 of a child": (lambda: at_level("rate", "Sales Invoice Item"), "items.rate"),
    "34 a table of level 1": (lambda: at_level("items"), "items.cost_center"),
    "35 level 1 of what is shared": (lambda: world(Rule("A")).share(INVOICE, "I"), "margin"),
    "36 a Property Setter": (lambda: at_level("customer"), "customer"),
    "37 a mask of version 16": (masked, "customer"),
    "38 a password": (with_password, "pin"),
    "no field of the meta": (world, "stray"),
}
SECRET = 987654
FULL = {
    "name": "I",
    "company": "C",
    "customer": "K",
    "margin": SECRET,
    "pin": "1234",
    "stray": "kept",
    "items": [{"cost_center": "CC", "rate": SECRET, "stray": "kept"}],
}


@pytest.mark.parametrize("case", HIDDEN)
async def test_hidden_fields_are_neither_shown_nor_told_of_by_a_query(door: Door, case: str):
    make, hidden = HIDDEN[case]
    table, _, field = hidden.rpartition(".")
    path = f"{DOCTYPES}/{INVOICE}/documents"
    async with door.open(make(), [FULL]) as client:
        for query in ("", "?fields=*", "?fields=items" if case.endswith("child") else "?size=1"):
            [item] = (await client.get(f"{path}{query}")).json()["items"]
            assert field not in find_keys(item["document"], table)
        document = (await client.get(f"{path}/I")).json()["document"]
        assert field not in find_keys(document, table)
        assert "stray" not in str(document)
        told = (await client.get(f"{DOCTYPES}/{INVOICE}")).json()
        assert f"'{field}'" not in str(told)
        for query in (f"{hidden}__isnull=0", f"sort={hidden}", f"fields={hidden}"):
            answer = await client.get(f"{path}?count=exact&{query}")
            assert answer.status_code == 400
            unknown = await client.get(f"{path}?count=exact&{query.replace(field, 'nothing')}")
            assert answer.json()["code"] == unknown.json()["code"] == "unknown_field"


def find_keys(document: dict[str, Any], table: str) -> set[str]:
    """Return the keys of a document, or those of the rows of one of its tables."""
    rows = [document] if not table else document.get(table, [])
    return {key for row in rows for key in row}


async def test_33_a_row_of_level_1_shows_the_field(door: Door):
    site = world(read_rule(), read_rule(permlevel=1))
    async with door.open(site, [FULL]) as client:
        path = f"{DOCTYPES}/{INVOICE}/documents"
        assert (await client.get(f"{path}/I")).json()["document"]["margin"] == SECRET
        found = (await client.get(f"{path}?margin__exact={SECRET}&sort=margin")).json()
        assert found["count"] == 1


@pytest.mark.parametrize(("hours", "status"), [(47, 200), (49, 503)])
async def test_50_rules_of_long_ago_show_nothing(door: Door, hours: int, status: int):
    async with door.open(world(), [FULL], age=timedelta(hours=hours)) as client:
        for path in ("", f"/{INVOICE}", f"/{INVOICE}/documents", f"/{INVOICE}/documents/I"):
            answer = await client.get(f"{DOCTYPES}{path}")
            assert answer.status_code == status
            assert status == 200 or answer.json()["code"] == "access_snapshot_stale"
        [instance] = (await client.get("/api/v1/instances")).json()["items"]
        assert instance["documents"] == (0 if status == 200 else None)


async def test_51_an_account_opens_no_instance_that_it_has_not_proven(
    door: Door, mongodb_uri: str, database: AsyncDatabase[dict[str, Any]]
):
    async with door.open(world(), [FULL]) as linked:
        assert (await linked.get(f"{DOCTYPES}/{INVOICE}/documents/I")).status_code == 200
        async with Inside(mongodb_uri, database.name) as inside:
            stranger = await inside.sign_in("stranger")
            for path in ("", f"/{INVOICE}", f"/{INVOICE}/documents", f"/{INVOICE}/documents/I"):
                assert (await stranger.get(f"{DOCTYPES}{path}")).status_code == 404
            assert (await stranger.get("/api/v1/instances")).json()["items"] == []
