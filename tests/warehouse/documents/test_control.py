"""Control documents: defaults, validation, and the way there and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from pymongo.errors import DuplicateKeyError

from warehouse.documents.control import (
    CONTROL_MODELS,
    CatalogEntry,
    DocTypeReport,
    Failure,
    Instance,
    Lease,
    Numbers,
    Outcome,
    RejectedDocument,
    Run,
    SyncState,
)

if TYPE_CHECKING:
    from beanie import Document

pytestmark = pytest.mark.usefixtures("mock_database")

NOW = datetime(2026, 11, 23, 9, 0, 0, 123000, tzinfo=UTC)
FAILURE = Failure(code="erp_rejected", message="m", cure="c")

MADE: dict[type[Document], dict[str, Any]] = {
    Instance: {
        "id": "mitra",
        "title": "Kisan Mitra",
        "time_zone": "Asia/Kolkata",
        "versions": {"frappe": "15.44.2"},
        "erp_user": "integration@csa.example",
        "seen_at": NOW,
    },
    Lease: {
        "id": "mitra",
        "token": 7,
        "holder": {"machine": "m", "host": "h", "pid": 1},
        "purpose": "ingest",
        "expires_at": NOW,
    },
    CatalogEntry: {
        "instance": "mitra",
        "doctype": "Farmer",
        "module": "Farms",
        "is_custom": True,
        "policy": "ordinary",
        "fingerprint": "f",
        "metas": [{"name": "Farmer", "fields": [{"fieldname": "a", "fieldtype": "Data"}]}],
        "meta_version": 3,
        "changed_at": NOW,
    },
    SyncState: {
        "instance": "mitra",
        "doctype": "Farmer",
        "token": 7,
        "outcome": Outcome.DEFERRED,
        "failure": FAILURE,
        "position": {"modified": "2026-11-23 07:38:05.868193", "name": 7},
        "high_water": "2026-11-23 07:38:05.868193",
        "documents": 12,
        "verified_at": NOW,
        "attempted_at": NOW,
    },
    Run: {
        "id": "mitra-00000007",
        "instance": "mitra",
        "token": 7,
        "kind": "ingest",
        "outcome": Outcome.PARTIAL,
        "started_at": NOW,
        "finished_at": NOW,
        "totals": Numbers(seen=3, seconds=0.5),
        "doctypes": [DocTypeReport(doctype="Farmer", outcome=Outcome.FAILED, failure=FAILURE)],
        "quiet": 1,
        "unreached": 2,
        "failure": FAILURE,
    },
    RejectedDocument: {
        "instance": "mitra",
        "doctype": "Farmer",
        "name": "FMR-1",
        "code": "too_large",
        "reason": "r",
        "raw": b"\x00zlib",
        "raw_bytes": 9,
        "run_id": "mitra-00000007",
        "rejected_at": NOW,
    },
}


def test_every_control_document_is_tried_here():
    assert {*MADE} == {*CONTROL_MODELS}


def test_every_collection_has_one_model():
    names = [model.get_collection_name() for model in CONTROL_MODELS]
    assert len({*names}) == len(names)


@pytest.mark.parametrize("model", MADE)
async def test_a_document_comes_back_as_it_was_saved(model: type[Document]):
    saved = model(**MADE[model])
    await saved.insert()
    back = await model.get(saved.id)
    assert back
    # A server gives bytes; mongomock the bson Binary that went in, which equals no bytes.
    found = {key: bytes(value) if isinstance(value, bytes) else value for key, value in back}
    assert found == dict(saved)
    moments = [value for value in found.values() if isinstance(value, datetime)]
    assert all(moment == NOW and moment.tzinfo for moment in moments)


@pytest.mark.parametrize("model", [SyncState, Run])
async def test_an_outcome_comes_back_as_one_and_is_stored_as_a_word(model: type[Document]):
    saved = model(**MADE[model])
    await saved.insert()
    back = await model.get(saved.id)
    stored = await model.get_pymongo_collection().find_one({"_id": saved.id})
    assert back
    assert stored
    assert back.outcome is MADE[model]["outcome"]  # type: ignore[attr-defined]
    assert stored["outcome"] == str(MADE[model]["outcome"].value)


async def test_a_moment_of_another_time_zone_is_the_same_moment():
    at = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    await Instance(**{**MADE[Instance], "seen_at": at}).insert()
    back = await Instance.get("mitra")
    assert back
    assert back.seen_at == NOW
    assert back.seen_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("model", [CatalogEntry, SyncState, RejectedDocument])
async def test_there_is_one_per_instance_and_doctype(model: type[Document]):
    await model(**MADE[model]).insert()
    await model(**{**MADE[model], "instance": "sahaja"}).insert()
    with pytest.raises(DuplicateKeyError):
        await model(**MADE[model]).insert()


async def test_finds_by_instance_see_no_other():
    for instance in ("mitra", "sahaja"):
        await CatalogEntry(instance=instance, doctype="Farmer", policy="ordinary").insert()
    found = [entry async for entry in CatalogEntry.find(CatalogEntry.instance == "mitra")]
    assert [entry.instance for entry in found] == ["mitra"]


def test_defaults_of_a_catalog_entry_say_that_nothing_is_known_yet():
    entry = CatalogEntry(instance="mitra", doctype="Farmer", policy="ordinary")
    assert (entry.metas, entry.meta_version, entry.fingerprint) == ([], 0, None)
    assert not entry.is_single
    assert not entry.is_custom


def test_no_two_documents_share_a_list_or_numbers():
    one, other = (Run(**MADE[Run] | {"doctypes": [], "totals": Numbers()}) for _ in range(2))
    bare = {key: MADE[Run][key] for key in ("id", "instance", "token", "kind", "started_at")}
    first, second = Run(**bare), Run(**bare)
    first.doctypes.append(DocTypeReport(doctype="Farmer"))
    first.totals.seen += 1
    assert (second.doctypes, second.totals.seen) == ([], 0)
    assert (one.totals, other.totals) == (Numbers(), Numbers())
    assert (second.outcome, second.quiet, second.unreached) == (Outcome.RUNNING, 0, 0)


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (SyncState, {"outcome": "happy"}),
        (SyncState, {"token": "seven"}),
        (SyncState, {"instance": None}),
        (Run, {"started_at": "yesterday"}),
        (Run, {"kind": None}),
        (Lease, {"expires_at": None}),
        (Instance, {"versions": {"frappe": None}}),
        (CatalogEntry, {"policy": None}),
        (RejectedDocument, {"name": 7}),
    ],
)
def test_what_does_not_fit_is_refused(model: type[Document], wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        model(**MADE[model] | wrong)


def test_numbers_add_up_field_by_field():
    total = Numbers(seen=1, seconds=0.5)
    total.add(DocTypeReport(doctype="Farmer", seen=2, new=3, seconds=0.25, requests=4))
    assert total == Numbers(seen=3, new=3, seconds=0.75, requests=4)


@pytest.mark.parametrize(
    ("values", "is_quiet"),
    [
        ({"outcome": Outcome.COMPLETED}, True),
        ({"outcome": Outcome.COMPLETED, "seen": 9, "unchanged": 9, "requests": 2}, True),
        *(({"outcome": outcome}, False) for outcome in Outcome if outcome != Outcome.COMPLETED),
        *(
            ({"outcome": Outcome.COMPLETED, worked: 1}, False)
            for worked in ("new", "changed", "absent", "vanished", "rejected")
        ),
    ],
)
def test_a_report_is_quiet_when_nothing_happened(values: dict[str, Any], *, is_quiet: bool):
    assert DocTypeReport(doctype="Farmer", **values).is_quiet is is_quiet
