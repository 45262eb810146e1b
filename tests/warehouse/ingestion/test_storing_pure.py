"""What becomes of a document on its way into MongoDB, as far as no MongoDB is needed."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from warehouse.documents.raw import StoredVersion
from warehouse.errors import LeaseLost
from warehouse.ingestion.storing import (
    DUPLICATE_KEY,
    MAX_BSON_BYTES,
    _entry,
    _read_write_errors,
    _write_model,
    find_obstacle,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SESSION = cast("Any", SimpleNamespace(instance="mitra", run_id="mitra-00000007", clock=lambda: NOW))
DOCUMENT = {
    "name": "FMR-1",
    "owner": "Asha@CSA.example",
    "modified": "2026-11-23 07:38:05.868193",
    "creation": "2026-11-22 07:38:05",
    "doctype": "Farmer",
}


def test_an_entry_carries_what_is_asked_for_beside_the_document():
    entry = _entry(SESSION, "Farmer", DOCUMENT, "hash", stored={})
    assert (entry.name, entry.is_new) == ("FMR-1", True)
    assert entry.fields == {
        "doctype": "Farmer",
        "name": "FMR-1",
        "erp_modified": "2026-11-23 07:38:05.868193",
        "erp_creation": "2026-11-22 07:38:05",
        "owner_lc": "asha@csa.example",
        "content_hash": "hash",
        "synced_at": NOW,
        "run_id": "mitra-00000007",
        "document_data": DOCUMENT,
    }


def test_a_document_that_is_stored_already_is_changed_and_not_new():
    assert not _entry(
        SESSION, "Farmer", DOCUMENT, "hash", {"FMR-1": StoredVersion("other", None, None)}
    ).is_new


def test_a_document_without_dates_or_owner_is_stored_without():
    fields = _entry(SESSION, "Visit", {"name": 7}, "hash", {}).fields
    assert fields["name"] == "7"
    assert fields["document_data"] == {"name": 7}
    assert [fields[key] for key in ("erp_modified", "erp_creation", "owner_lc")] == [None] * 3


def test_a_document_is_replaced_by_the_same_or_a_later_run_only():
    entry = _entry(SESSION, "Farmer", DOCUMENT, "hash", {})
    assert _write_model(SESSION, "Farmer", entry) == UpdateOne(
        {"doctype": "Farmer", "name": "FMR-1", "run_id": {"$not": {"$gt": "mitra-00000007"}}},
        {"$set": entry.fields},
        upsert=True,
    )


# --- What MongoDB can't hold


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"big": 2**63}, "OverflowError"),
        ({"big": -(2**63) - 1}, "OverflowError"),
        ({"rows": [{"big": 10**40}]}, "OverflowError"),
        ({"nul\x00key": 1}, "InvalidDocument"),
        ({"half": "\ud800"}, "UnicodeEncodeError"),
        ({"notes": "x" * MAX_BSON_BYTES}, "too_large"),
    ],
)
def test_a_document_that_mongodb_cannot_hold_is_told_before(content: dict[str, Any], code: str):
    why = find_obstacle({"document_data": {"customer": "Raju Das", **content}})
    assert why
    assert why.context["code"] == code
    assert why.code == "document_rejected"
    assert "MongoDB" in why.message


@pytest.mark.parametrize(
    "content",
    [
        {"a.b": 1, "$set": 2, "": 3},
        {"nul": "a\x00b"},
        {"most": 2**63 - 1, "least": -(2**63)},
        {"notes": "x" * (MAX_BSON_BYTES - 1000)},
        {"emoji": "🌾", "తెలుగు": "రైతు"},
    ],
)
def test_a_document_that_is_merely_odd_is_stored(content: dict[str, Any]):
    assert find_obstacle({"document_data": content}) is None


@pytest.mark.parametrize("content", [{"big": 10**40}, {"nul\x00key": 1}, {"half": "\ud800"}])
def test_a_reason_does_not_repeat_the_document(content: dict[str, Any]):
    why = find_obstacle({"name": "Raju Das", "document_data": {"mobile": "98480", **content}})
    assert why
    assert "Raju" not in why.message
    assert "98480" not in why.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.text(), JSON))
def test_either_mongodb_can_encode_a_document_or_there_is_an_obstacle(content: dict[str, Any]):
    if find_obstacle(content) is None:
        assert len(bson.encode(content)) <= MAX_BSON_BYTES
    else:
        with pytest.raises((bson.errors.InvalidDocument, OverflowError, UnicodeEncodeError)):
            bson.encode(content)


# --- What MongoDB refused


def refused(*errors: dict[str, Any]) -> dict[str, Any]:
    entries = [_entry(SESSION, "Farmer", {"name": name}, "hash", {}) for name in ("FMR-1", "FMR-2")]
    return _read_write_errors(SESSION, entries, BulkWriteError({"writeErrors": list(errors)}))


def test_each_refused_write_is_told_by_its_own_name():
    found = refused({"index": 1, "code": 10334, "errmsg": "BSONObj size is invalid"})
    assert found.keys() == {"FMR-2"}
    assert found["FMR-2"].context["code"] == "too_large"
    assert "BSONObj size" in found["FMR-2"].message


def test_a_duplicate_key_means_that_a_later_run_was_here():
    with pytest.raises(LeaseLost, match="mitra"):
        refused(
            {"index": 0, "code": 10334, "errmsg": "too large"},
            {"index": 1, "code": DUPLICATE_KEY, "errmsg": "E11000"},
        )
