"""Raw documents: one model per instance, and the plain reads of its collection."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from pymongo.errors import DuplicateKeyError

from tests.mock_database import INSTANCES
from warehouse.documents.raw import (
    RawFields,
    count_by_doctype,
    raw_model,
    read_hashes,
    read_versions,
)

if TYPE_CHECKING:
    from beanie import Document

pytestmark = pytest.mark.usefixtures("mock_database")

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def raw(instance: str = "mitra", **values: Any) -> Document:
    known = {"doctype": "Farmer", "name": "FMR-1", "content_hash": "h", "synced_at": NOW}
    return raw_model(instance)(**{**known, "run_id": "mitra-00000001", **values})


def test_a_model_keeps_its_instances_collection():
    names = [raw_model(instance).get_collection_name() for instance in INSTANCES]
    assert names == ["erp_mitra", "erp_sahaja"]


def test_a_model_is_made_once_and_shared_by_none():
    assert raw_model("mitra") is raw_model("mitra")
    one, other = (raw_model(instance) for instance in INSTANCES)
    assert one is not other
    assert one.Settings is not other.Settings  # type: ignore[attr-defined]
    assert not issubclass(one, other)


@pytest.mark.parametrize("instance", INSTANCES)
def test_a_model_has_the_fields_of_every_raw_document(instance: str):
    fields = raw_model(instance).model_fields
    assert fields.keys() - {"id", "revision_id"} == RawFields.model_fields.keys()


@pytest.mark.parametrize("instance", INSTANCES)
def test_defaults_are_values_and_no_expressions(instance: str):
    made = raw(instance)
    left_out = ("erp_modified", "erp_creation", "owner_lc")
    assert [getattr(made, field) for field in left_out] == [None] * 3
    assert made.document_data == {}  # type: ignore[attr-defined]


def test_no_two_documents_share_their_data():
    one, same, other = raw(), raw(), raw("sahaja")
    one.document_data["a"] = 1  # type: ignore[attr-defined]
    assert same.document_data == other.document_data == {}  # type: ignore[attr-defined]


@pytest.mark.parametrize("missing", ["doctype", "name", "content_hash", "synced_at", "run_id"])
def test_what_identifies_a_document_is_required(missing: str):
    known = raw().model_dump(exclude={"id", missing})
    with pytest.raises(ValidationError):
        raw_model("mitra")(**known)


async def test_a_document_comes_back_as_it_was_stored():
    data = {"name": "FMR-1", "acres": 2.5, "crops": [{"idx": 1}], "తెలుగు": "రైతు", "a.b": None}
    await raw(document_data=data, erp_modified="2026-11-23 07:38:05.868193").insert()
    back = await raw_model("mitra").find_one({"name": "FMR-1"})
    assert back
    assert back.document_data == data  # type: ignore[attr-defined]
    assert back.erp_modified == "2026-11-23 07:38:05.868193"  # type: ignore[attr-defined]
    assert back.synced_at == NOW  # type: ignore[attr-defined]
    assert back.synced_at.tzinfo  # type: ignore[attr-defined]


async def test_instances_do_not_see_each_others_documents():
    await raw("mitra").insert()
    await raw("sahaja", name="FMR-2").insert()
    found = [await raw_model(instance).find_all().to_list() for instance in INSTANCES]
    assert [[row.name for row in rows] for rows in found] == [["FMR-1"], ["FMR-2"]]  # type: ignore[attr-defined]


async def test_a_name_is_there_once_per_doctype():
    await raw().insert()
    await raw(doctype="Customer").insert()
    with pytest.raises(DuplicateKeyError):
        await raw(content_hash="other").insert()


async def fill() -> Any:
    await raw(name="A", erp_modified="m1", erp_creation="c1", content_hash="h1").insert()
    await raw(name="B", content_hash="h2").insert()
    await raw(name="A", doctype="Customer", erp_modified="m3", content_hash="h3").insert()
    return raw_model("mitra").get_pymongo_collection()


async def test_versions_are_read_by_doctype():
    collection = await fill()
    assert await read_versions(collection, "Farmer") == {"A": ("m1", "c1"), "B": (None, None)}
    assert await read_versions(collection, "Customer") == {"A": ("m3", None)}
    assert await read_versions(collection, "Item") == {}


async def test_versions_are_read_for_chosen_names():
    collection = await fill()
    assert await read_versions(collection, "Farmer", ["B", "C"]) == {"B": (None, None)}
    assert await read_versions(collection, "Farmer", iter(["A"])) == {"A": ("m1", "c1")}
    assert await read_versions(collection, "Farmer", []) == {}


async def test_versions_of_documents_of_the_earlier_scripts_are_unknown():
    collection = raw_model("mitra").get_pymongo_collection()
    await collection.insert_one({"doctype": "Farmer", "name": "A", "document_data": {}})
    assert await read_versions(collection, "Farmer") == {"A": (None, None)}


async def test_hashes_are_read_of_what_is_stored():
    collection = await fill()
    assert await read_hashes(collection, "Farmer", ["A", "B", "C"]) == {"A": "h1", "B": "h2"}
    assert await read_hashes(collection, "Farmer", []) == {}


async def test_documents_are_counted_by_doctype():
    assert await count_by_doctype(await fill()) == {"Farmer": 2, "Customer": 1}
