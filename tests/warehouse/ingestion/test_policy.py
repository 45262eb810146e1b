"""Which DocTypes of a site are asked for and stored: the policy file, INCLUDE and EXCLUDE."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from warehouse.documents.control import CatalogEntry, Outcome, SyncState

if TYPE_CHECKING:
    from tests.ingesting import Ingester

TABLE: dict[str, str] = json.loads(
    files("warehouse.erpnext").joinpath("doctype_policy.json").read_text("utf-8")
)["doctypes"]
# What the engine reads for itself: the catalog and the feeds.
READ_BY_THE_ENGINE = {
    "Comment",
    "Custom Field",
    "Deleted Document",
    "DocType",
    "Property Setter",
}


def add_doctype(ingester: Ingester, name: str, **values: Any) -> None:
    """Add a DocType with one document to the site."""
    field = {"fieldname": "subject", "fieldtype": "Data", "label": "Subject", "idx": 1}
    meta = {"name": name, "module": "Custom", "modified": "2026-01-01 00:00:00", "fields": [field]}
    described = {"module": "Custom", "istable": 0, "issingle": 0, "is_virtual": 0, "custom": 0}
    described["modified"] = "2026-01-01 00:00:00"
    ingester.site.control.do("describe", doctype=name, meta=meta, values=described | values)
    ingester.insert(name, {"name": f"The {name}", "subject": "here"})


def asked_for(ingester: Ingester) -> set[str]:
    """Return the DocTypes of which the site was asked for rows or documents."""
    requests = ingester.site.control.stats()["requests"]
    return {row["doctype"] for row in requests if row["kind"] in {"list", "read"}} - {None}


async def test_what_is_not_stored_is_not_asked_for(ingester: Ingester):
    await ingester.run()
    asked = asked_for(ingester)
    kept_out = {name for name in asked if TABLE.get(name) in {"engine_only", "never_pulled"}}
    assert kept_out <= READ_BY_THE_ENGINE
    assert "RQ Job" not in asked
    stored = set(await ingester.stored.distinct("doctype"))
    assert not [name for name in stored if TABLE.get(name) in {"engine_only", "never_pulled"}]
    assert {"Sales Invoice", "Comment", "Farmer"} <= stored


@pytest.mark.parametrize("policy", ["engine_only", "never_pulled", "stored_not_served"])
@pytest.mark.parametrize("is_custom", [0, 1])
async def test_a_custom_doctype_is_ordinary_whatever_its_name(
    ingester: Ingester, policy: str, is_custom: int
):
    name = next(name for name, its in TABLE.items() if its == policy and name.startswith("D"))
    add_doctype(ingester, name, custom=is_custom)
    run = await ingester.run()
    assert run.outcome is Outcome.COMPLETED
    is_stored = bool(await ingester.stored.count_documents({"doctype": name}))
    assert is_stored is (bool(is_custom) or policy == "stored_not_served")
    entry = await CatalogEntry.find_one({"doctype": name})
    assert (entry.policy if entry else None) == (
        "ordinary" if is_custom else policy if is_stored else None
    )


async def test_include_and_exclude_are_globs(ingester: Ingester):
    ingester.options = {"include": ("Sales*", "Farmer*", "Item"), "exclude": ("Farmer S*",)}
    run = await ingester.run()
    assert run.outcome is Outcome.COMPLETED
    assert set(await ingester.stored.distinct("doctype")) == {
        "Farmer",
        "Farmer Tag",
        "Item",
        "Sales Invoice",
    }


async def test_a_doctype_that_is_excluded_later_keeps_its_documents(ingester: Ingester):
    ingester.options = {"include": ("Farmer", "Item")}
    await ingester.run()
    stored = await ingester.stored.count_documents({"doctype": "Item"})
    assert stored
    ingester.options = {"include": ("Farmer", "Item"), "exclude": ("Item",)}
    ingester.site.control.stats(reset=True)
    ingester.site.control.do("delete", doctype="Item", name=await an_item(ingester))
    await ingester.run()
    assert "Item" not in asked_for(ingester)
    assert await ingester.stored.count_documents({"doctype": "Item"}) == stored
    state = await SyncState.find_one({"doctype": "Item"})
    assert state
    assert state.frozen_at


async def an_item(ingester: Ingester) -> str:
    row = await ingester.stored.find_one({"doctype": "Item"})
    assert row
    return row["name"]
