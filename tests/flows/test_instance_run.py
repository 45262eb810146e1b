"""What a retry of a run on one instance does, and tells, on the state of its own moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows.ingest import ingest
from flows.reconcile import reconcile
from tests.flows.in_process import LEFT_OPEN, Attempts
from warehouse.erpnext.client import ErpClient
from warehouse.erpnext.query import ListQuery

if TYPE_CHECKING:
    from demo.site.process import SiteProcess
    from tests.flows.operator import Operator
    from tests.ingesting import Ingester

BOTH = ["Customer", "Supplier"]
LEFT = 7


pytestmark = LEFT_OPEN


@pytest.fixture
def failing_supplier(site: SiteProcess) -> SiteProcess:
    """The site, whose Suppliers can't be listed."""
    supplier = {"doctype": "Supplier"}
    site.control.fault("status", status=500, exc_type="KeyError", match=supplier, times=None)
    return site


async def customers(ingester: Ingester) -> list[str]:
    async with ErpClient(ingester.erp) as client:
        return [row["name"] for row in await client.list_rows(ListQuery("Customer", ("name",)))]


@pytest.mark.usefixtures("in_process")
async def test_a_retried_reconcile_buries_what_left_since_the_first_attempt(
    failing_supplier: SiteProcess, ingester: Ingester
):
    control = failing_supplier.control
    attempts = Attempts(reconcile, {"instance": "site", "doctypes": BOTH})
    first = await attempts.run()
    assert first.is_failed(), first
    control.clear_faults()
    ingester.delete("Customer", *(await customers(ingester))[:LEFT])
    second = await attempts.run()
    assert second.is_completed(), second
    assert f"{LEFT} deleted" in str(second.message)


async def test_what_an_earlier_attempt_has_done_counts_and_what_it_kept_aside_is_told(
    failing_supplier: SiteProcess, ingester: Ingester, in_process: Operator
):
    control = failing_supplier.control
    ingester.edit("Customer", (await customers(ingester))[0], customer_details=2**70)
    attempts = Attempts(ingest, {"instance": "site", "doctypes": BOTH})
    assert (await attempts.run()).is_failed()
    assert (await attempts.run()).is_failed(), "now the rejected one is all there is to do"
    control.clear_faults()
    healed = await attempts.run()
    assert healed.is_completed(), healed
    assert "1 rejected in 2 DocTypes" in str(healed.message)
    said = in_process.server.get("artifacts/ingest-site-summary/latest")["data"]
    assert "Done by an earlier attempt: Customer." in said
    assert "Rejected documents are kept aside. Runbook: [rejected-documents]" in said
    assert "not reached" not in said
