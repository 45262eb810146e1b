"""The compiler against a real ERPNext: what nine of its users could read, document by document."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from demo.site.process import SiteProcess
from tests.oracle import SITE, Tally, held_names, oracle
from tests.reference import dataset_rows, needs_reference, reference_folder
from warehouse.access.compiler import compile_access
from warehouse.access.reader import unread_fields
from warehouse.access.refresh import refresh_access
from warehouse.access.verdict import Access
from warehouse.documents.raw import raw_model
from warehouse.erpnext.meta import Shape
from warehouse.ingestion.assembly import assemble
from warehouse.settings import ErpInstance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymongo.asynchronous.collection import AsyncCollection

    from warehouse.access.snapshot import Snapshot

pytestmark = needs_reference

# A number that ERPNext strips comes as 0; of a password it shows the length.
PROVING_NOTHING = frozenset({"Check", "Int", "Float", "Currency", "Percent", "Password"})


@pytest.fixture(scope="module")
def real_site() -> Iterator[SiteProcess]:
    with SiteProcess(dataset=reference_folder() / "dataset" / SITE) as process:
        yield process


@pytest.fixture(scope="module")
def known() -> dict[str, Snapshot]:
    """What was read of the site: once, since that takes seconds."""
    return {}


@pytest.fixture
async def snapshot(
    database: object, real_site: SiteProcess, known: dict[str, Snapshot]
) -> Snapshot:
    if SITE not in known:
        erp = ErpInstance(
            instance="site",
            url=real_site.url,
            api_key=real_site.key,
            api_secret=real_site.secret,
        )
        known[SITE] = (await refresh_access(erp)).snapshot
    return known[SITE]


async def test_nobody_sees_more_or_less_than_in_erpnext(
    snapshot: Snapshot, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = await store_documents(snapshot)
    tally = Tally()
    for user, answers in oracle().items():
        for doctype in answers:
            compiled = compile_access(snapshot, user, doctype)
            shown: set[str] = set()
            if isinstance(compiled, Access):
                query = {"doctype": doctype, **compiled.condition}
                shown = {row["name"] async for row in documents.find(query, {"name": 1})}
            tally.judge(user, doctype, shown)
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *tally.lines(), ""]))
    tally.assert_right()


def test_nobody_sees_more_or_fewer_fields_than_in_erpnext(snapshot: Snapshot) -> None:
    compared = 0
    for user, answers in oracle().items():
        for doctype, answer in answers.items():
            compiled = compile_access(snapshot, user, doctype)
            if not isinstance(compiled, Access):
                continue
            rows = {str(row["name"]): row for row in known_rows(doctype)}
            for name, read in answer.get("keys", {}).items():
                if read["status"] == 200 and name in rows:
                    compared += 1
                    filled, there = filled_fields(compiled, rows[name]), {*read["keys"]}
                    shown, case = set(filled) - compiled.hidden, (user, doctype, name)
                    assert not shown - there, case
                    proof = {name for name, kind in filled.items() if kind not in PROVING_NOTHING}
                    assert not proof & there - shown, case
    assert compared > 200


def test_what_the_key_may_not_read_was_never_sent_to_it(snapshot: Snapshot) -> None:
    assert snapshot.reader == "integration@csa.example"
    compared = 0
    for doctype in {doctype for answers in oracle().values() for doctype in answers}:
        rows, meta = known_rows(doctype), snapshot.metas.get(doctype)
        if not rows or meta is None:
            continue
        tables = [field["options"] for field in meta["fields"] if "Table" in field["fieldtype"]]
        unread = unread_fields(snapshot, (meta, *(snapshot.metas[table] for table in tables)))
        links = {field["fieldname"] for field in meta["fields"] if field["fieldtype"] == "Link"}
        assert not {name for name in links & unread if any(row.get(name) for row in rows)}, doctype
        compared += len(links - unread)
    assert compared > 100


def filled_fields(access: Access, row: dict[str, Any]) -> dict[str, str]:
    """Return field → fieldtype of those of the meta that have a value in a document."""
    fields = {field["fieldname"]: field["fieldtype"] for field in access.metas[0]["fields"]}
    return {name: kind for name, kind in fields.items() if row.get(name) is not None}


def known_rows(doctype: str) -> list[dict[str, Any]]:
    return dataset_rows(SITE, doctype) if held_names(doctype) else []


async def store_documents(snapshot: Snapshot) -> AsyncCollection[dict[str, Any]]:
    """Store every document that the oracle was asked for."""
    collection = raw_model("site").get_pymongo_collection()
    for doctype in {doctype for answers in oracle().values() for doctype in answers}:
        rows = known_rows(doctype)
        meta = snapshot.metas.get(doctype)
        if not rows or meta is None:
            continue
        tables = [field["options"] for field in meta["fields"] if "Table" in field["fieldtype"]]
        shape = Shape.of([meta, *(snapshot.metas[table] for table in tables)])
        await collection.insert_many(
            {
                "doctype": doctype,
                "name": str(row["name"]),
                "owner_lc": row["owner"].lower(),
                "content_hash": "1",
                "document_data": assemble(shape, row),
            }
            for row in rows
        )
    return collection
