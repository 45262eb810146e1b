"""`csa status`: what is stored, how fresh it is, what went wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.describing import field
from tests.ingesting import report_of
from warehouse.erpnext.client import ErpClient

if TYPE_CHECKING:
    from demo.site.process import SiteProcess
    from tests.commanding import Csa
    from tests.ingesting import Ingester


async def test_an_instance_that_was_never_ingested_is_said_to_be(csa: Csa):
    finished = await asyncio.to_thread(csa.run, "status")
    assert (finished.code, finished.stdout, finished.stderr) == (0, "site: never ingested\n", "")


async def test_after_a_run_each_doctype_with_documents_has_a_line(csa: Csa, ingester: Ingester):
    ingester.edit("Customer", await a_customer(ingester), customer_details=2**70)
    run = await ingester.run()
    finished = await asyncio.to_thread(csa.run, "status")
    assert finished.code == 0
    assert f"last run {run.id} completed" in finished.stdout
    assert "frappe 15" in finished.stdout
    assert f"{run.totals.new} documents, 1 rejected" in finished.stdout
    lines = {line[:20].strip(): line.split() for line in finished.stdout.splitlines()[2:]}
    invoices, customers = (report_of(run, doctype) for doctype in ("Sales Invoice", "Customer"))
    assert lines["Sales Invoice"][2:4] == [str(invoices.new), "0"]
    assert lines["Customer"][1:3] == [str(customers.new), "1"]
    assert lines["Customer"][-1] == "completed"
    assert "Batch" not in lines
    empty = await asyncio.to_thread(csa.run, "status", "--empty")
    assert "Batch" in empty.stdout


async def test_json_has_every_doctype(csa: Csa, ingester: Ingester):
    run = await ingester.run("Customer", "Batch")
    finished = await asyncio.to_thread(csa.run, "status", "--json")
    (status,) = finished.json["instances"]
    assert (status["instance"], status["run_id"]) == ("site", run.id)
    assert status["run_outcome"] == "completed"
    lines = {line["doctype"]: line for line in status["doctypes"]}
    customers = report_of(run, "Customer").new
    assert lines.keys() == {"Batch", "Customer"}
    assert [lines[name]["documents"] for name in ("Batch", "Customer")] == [0, customers]
    assert 0 <= lines["Customer"]["lag_s"] < 60


async def test_failures_stand_with_their_cure(csa: Csa, ingester: Ingester, site: SiteProcess):
    await ingester.run("Customer", "Item")
    site.control.fault("html", status=200, match={"doctype": "Customer"}, times=None)
    site.control.do("refuse", doctype="Item")
    await ingester.run("Customer", "Item")
    finished = await asyncio.to_thread(csa.run, "status")
    (customer,) = (line for line in finished.stdout.splitlines() if "Customer" in line)
    assert "failed" in customer
    assert "text/html" in customer
    assert "Check that ERP__SITE__URL" in customer
    told, item = (line for line in finished.stdout.splitlines() if "Item" in line)
    assert "not seen The key may not read any more: Item (since" in told
    assert "denied" in item
    assert "Give the integration user a role" in item


async def test_a_field_that_came_is_shown_with_the_version_that_it_came_with(
    csa: Csa, ingester: Ingester
):
    await ingester.run("Farmer")
    async with ErpClient(ingester.erp) as client:
        (meta, *_) = await client.read_metas("Farmer")
    meta = {**meta, "fields": [*meta["fields"], field("custom_soil")]}
    ingester.site.control.do("describe", doctype="Farmer", meta=meta)
    ingester.insert("Custom Field", {"dt": "Farmer", "fieldname": "custom_soil"})
    await ingester.run("Farmer")
    finished = await asyncio.to_thread(csa.run, "status")
    (line,) = (line for line in finished.stdout.splitlines() if "drift" in line)
    assert line.endswith("field_added Farmer custom_soil fieldtype=Data (version 2)")


@pytest.mark.usefixtures("ingester")
async def test_an_unknown_instance_is_an_error(csa: Csa):
    finished = await asyncio.to_thread(csa.run, "status", "sit")
    assert finished.code == 1
    assert "known: site" in finished.stderr


async def a_customer(ingester: Ingester) -> str:
    return min(name for _, name in await ingester.read_site("Customer"))
