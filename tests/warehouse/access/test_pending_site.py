"""A key that lost and regained fields of a site, from its tables to what is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.ingesting import no_sleep
from warehouse.access.explain import explain_access
from warehouse.access.refresh import Outside, refresh_access
from warehouse.access.snapshots import Snapshots
from warehouse.access.verdict import Access, Denial
from warehouse.doctor.findings import Status
from warehouse.doctor.pending import check_pending
from warehouse.documents.access import AccessPointer
from warehouse.documents.control import Outcome, RejectedDocument, SyncState
from warehouse.documents.datasets import DatasetPointer, LivePartition, Slot
from warehouse.errors import AccessSnapshotInvalid

if TYPE_CHECKING:
    from tests.ingesting import Ingester
    from warehouse.access.snapshot import Snapshot

FIELD_STAFF = "field@ragijonna.example"
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
RULE = {"parent": "Customer", "role": "System Manager", "permlevel": 0, "read": 1, "if_owner": 0}
LEVEL_1 = {"name": "level-1", **RULE, "permlevel": 1}
RAISED = {
    "name": "Customer-territory-permlevel",
    "doctype_or_field": "DocField",
    "doc_type": "Customer",
    "field_name": "territory",
    "property": "permlevel",
    "value": "1",
}


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


async def refresh(ingester: Ingester, minutes: int) -> Snapshot:
    outside = Outside(sleep=no_sleep, clock=lambda: at(minutes))
    return (await refresh_access(ingester.erp, outside)).snapshot


async def ingest(ingester: Ingester, minutes: int, *, full: bool = True) -> None:
    ingester.travel(at(minutes))
    assert (await ingester.run("Customer", full=full)).outcome is Outcome.COMPLETED


async def see(minutes: int = 0) -> str:
    """Return why the one whom a User Permission ties to a territory sees no customers, if so."""
    snapshots = Snapshots(timedelta(hours=48), clock=lambda: at(minutes))
    compiled = await snapshots.compile("site", FIELD_STAFF, "Customer")
    return compiled.code if isinstance(compiled, Denial) else "access"


async def customize(ingester: Ingester) -> None:
    """Turn the standard rules of customers into custom ones, to which a test can add."""
    standard = (await refresh(ingester, -10)).standard_rules["Customer"]
    roles = {"System Manager", *(rule.role for rule in standard if rule.reads)}
    rules = ({**RULE, "name": f"custom-{role}", "role": role} for role in sorted(roles))
    ingester.insert("Custom DocPerm", *rules)


async def raise_territory(ingester: Ingester) -> None:
    """Put the territory of customers at level 1, as a Property Setter does."""
    snapshot = await Snapshots(timedelta(hours=48), clock=lambda: NOON).get("site")
    meta = snapshot.metas["Customer"]
    fields = [
        field | {"permlevel": 1} if field["fieldname"] == "territory" else field
        for field in meta["fields"]
    ]
    ingester.site.control.do("describe", doctype="Customer", meta=meta | {"fields": fields})
    ingester.insert("Property Setter", RAISED)


async def lose_and_regain(ingester: Ingester) -> None:
    """Leave a site that keeps territories at level 1, which the key reads from minute 30 on."""
    await customize(ingester)
    await refresh(ingester, 0)
    await ingest(ingester, 1)
    assert await see() == "access"
    await raise_territory(ingester)
    await refresh(ingester, 10)
    assert await see(10) == "link_unreadable"
    await ingest(ingester, 20)
    ingester.insert("Custom DocPerm", LEVEL_1)
    await refresh(ingester, 30)
    assert await see(30) == "link_pending"


async def test_a_full_reading_after_the_key_regained_a_level_opens_it_again(
    ingester: Ingester,
) -> None:
    await lose_and_regain(ingester)
    await ingest(ingester, 40, full=False)
    await refresh(ingester, 45)
    assert await see(45) == "link_pending"
    await ingest(ingester, 50)
    assert await see(50) == "link_pending"
    snapshot = await refresh(ingester, 60)
    assert await see(60) == "access"
    assert not snapshot.pending


async def test_explain_says_what_it_waits_for(ingester: Ingester) -> None:
    await lose_and_regain(ingester)
    snapshot = await Snapshots(timedelta(hours=48), clock=lambda: at(30)).get("site")
    name = next(iter(await ingester.read_store("Customer")))[1]
    told = await explain_access(snapshot, FIELD_STAFF, "Customer", name)
    assert not told.is_shown
    assert "Customer.territory" in told.steps[-1].text
    assert told.steps[-1].text.endswith("(link_pending)")


async def test_csa_check_names_what_waits_and_the_way_out(ingester: Ingester) -> None:
    await lose_and_regain(ingester)
    assert await check_pending(ingester.database, {"other"}) == []
    [finding] = await check_pending(ingester.database, {"site"})
    assert finding.status is Status.WARNING
    assert "documents of Customer may lack" in finding.message
    assert "csa ingest site --full" in finding.cure
    await ingest(ingester, 50)
    await refresh(ingester, 60)
    assert await check_pending(ingester.database, {"site"}) == []


async def test_documents_that_were_not_replaced_keep_it_closed(ingester: Ingester) -> None:
    await lose_and_regain(ingester)
    await ingest(ingester, 50)
    state = {"instance": "site", "doctype": "Customer"}
    rejected = RejectedDocument(
        **state, name="X", code="too_large", reason="", run_id="1", rejected_at=at(50)
    )
    await rejected.insert()
    await refresh(ingester, 60)
    assert await see(60) == "link_pending"
    await rejected.delete()
    states = SyncState.get_pymongo_collection()
    await states.update_one(state, {"$set": {"outcome": Outcome.SUSPECT}})
    await refresh(ingester, 70)
    assert await see(70) == "link_pending"
    await states.update_one(state, {"$set": {"outcome": Outcome.COMPLETED}})
    await refresh(ingester, 80)
    assert await see(80) == "access"


async def test_rows_of_datasets_from_before_keep_it_closed(ingester: Ingester) -> None:
    await lose_and_regain(ingester)
    await ingest(ingester, 50)
    parts = [
        LivePartition(slot=Slot(instance="other"), build_id="1", built_at=at(0), rows=1),
        LivePartition(slot=Slot(instance="site"), build_id="2", built_at=at(5), rows=1),
    ]
    pointer = DatasetPointer(id="parties", live=parts)
    await pointer.insert()
    await refresh(ingester, 60)
    assert await see(60) == "link_pending"
    pointer.live[1].looked_at = at(55)
    await pointer.replace()
    await refresh(ingester, 70)
    assert await see(70) == "access"


async def test_a_key_that_is_refused_a_table_decides_by_no_higher_level(
    ingester: Ingester,
) -> None:
    await customize(ingester)
    await raise_territory(ingester)
    ingester.insert("Custom DocPerm", LEVEL_1)
    await refresh(ingester, 0)
    await ingest(ingester, 1)
    await refresh(ingester, 2)
    assert await see(2) == "access"
    ingester.site.control.do("refuse", doctype="Has Role")
    with pytest.raises(AccessSnapshotInvalid):
        await refresh(ingester, 10)
    pointer = await AccessPointer.get("site")
    assert pointer
    assert pointer.is_doubted
    assert await see(10) == "link_pending"


async def test_a_doubt_reaches_whoever_has_the_snapshot_in_memory(ingester: Ingester) -> None:
    await customize(ingester)
    await raise_territory(ingester)
    ingester.insert("Custom DocPerm", LEVEL_1)
    await refresh(ingester, 0)
    seconds = iter(range(0, 100, 10))
    snapshots = Snapshots(timedelta(hours=48), lambda: at(0), lambda: float(next(seconds)))
    assert isinstance(await snapshots.compile("site", FIELD_STAFF, "Customer"), Access)
    await AccessPointer.get_pymongo_collection().update_one({}, {"$set": {"is_doubted": True}})
    denied = await snapshots.compile("site", FIELD_STAFF, "Customer")
    assert isinstance(denied, Denial)
    assert denied.code == "link_pending"


async def test_what_was_ingested_before_the_first_snapshot_waits_for_a_reading(
    ingester: Ingester,
) -> None:
    await ingest(ingester, 0)
    await refresh(ingester, 10)
    assert await see(10) == "link_pending"
    await ingest(ingester, 20)
    await refresh(ingester, 30)
    assert await see(30) == "access"
