"""Who only looks shares the lease: keeps nobody waiting, and hears of who came meanwhile."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from warehouse.documents.control import CatalogEntry, Instance, Lease, Run, SyncState
from warehouse.documents.drift import DriftEvent
from warehouse.errors import LeaseHeld, LeaseLost
from warehouse.ingestion.lease import hold_lease, share_lease
from warehouse.ingestion.plan import make_plan
from warehouse.ingestion.run import Limits, Surroundings, open_look
from warehouse.ingestion.task import Selection
from warehouse.ingestion.verify import compare

if TYPE_CHECKING:
    from tests.commanding import Csa
    from tests.ingesting import Ingester


@pytest.mark.usefixtures("database")
async def test_many_may_look_at_once_and_leave_no_trace():
    async with share_lease("site") as one, share_lease("site") as other:
        assert one == other
    assert await Lease.find_all().to_list() == []


@pytest.mark.usefixtures("database")
async def test_nobody_looks_while_somebody_works():
    async with hold_lease("site", "reconcile"):
        with pytest.raises(LeaseHeld, match=f"reconcile.*process {os.getpid()}"):
            async with share_lease("site"):
                pass
    async with share_lease("site"):
        pass


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("is_over", [True, False], ids=["done", "at work still"])
async def test_who_looks_keeps_no_holder_waiting_and_hears_of_it(*, is_over: bool):
    async with AsyncExitStack() as work, AsyncExitStack() as look:
        lease = await look.enter_async_context(share_lease("site"))
        await lease.assert_held()
        await work.enter_async_context(hold_lease("site", "ingest"))
        if is_over:
            await work.aclose()
        with pytest.raises(LeaseLost, match="began to work on site"):
            await look.aclose()


async def test_looking_writes_nothing_even_of_a_site_that_is_another_by_now(ingester: Ingester):
    await ingester.run("Farmer", "Customer")
    site = ingester.site.control
    site.do("time_zone", time_zone="Asia/Dhaka")
    site.do("versions", versions={"frappe": "16.1.0"})
    ingester.insert("Custom Field", {"dt": "Farmer", "fieldname": "custom_soil"})
    ingester.delete("DocType", "Item")
    models = (CatalogEntry, DriftEvent, Instance, Lease, Run, SyncState)
    before = [await model.find_all().to_list() for model in models]
    async with open_look(ingester.erp, Limits(), Surroundings()) as run:
        assert (await make_plan(run, Selection())).doctypes
    async with open_look(ingester.erp, Limits(), Surroundings()) as run:
        assert (await compare(run, Selection(), 5)).doctypes
    assert [await model.find_all().to_list() for model in models] == before


@pytest.mark.parametrize("command", [("verify",), ("ingest", "--plan")], ids=["verify", "plan"])
async def test_csa_names_the_holder_and_exits_with_5(csa: Csa, command: tuple[str, ...]):
    async with hold_lease("site", "reconcile"):
        finished = await asyncio.to_thread(csa.run, *command)
    assert finished.code == 5
    assert f"process {os.getpid()}" in finished.stderr
    assert "Wait for it" in finished.stderr
