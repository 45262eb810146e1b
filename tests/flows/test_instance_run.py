"""What a retry of a run on one instance does, and tells, on the state of its own moment."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tenacity import stop_after_attempt

from flows import instance_run
from flows.backfill import backfill
from flows.events import FAILED_TWICE, resource_of
from flows.ingest import ingest
from flows.reconcile import reconcile
from flows.watch import watch
from tests.flows.in_process import LEFT_OPEN, Attempts
from tests.flows.records import make_run
from warehouse.documents.control import Lease, Outcome
from warehouse.erpnext.client import ErpClient
from warehouse.erpnext.query import ListQuery

if TYPE_CHECKING:
    from demo.site.process import SiteProcess
    from tests.flows.operator import Operator
    from tests.ingesting import Ingester

TOLD_S = 60.0
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
    await ingester.run("Customer")
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


async def test_people_are_told_when_the_lease_was_held_twice_in_a_row(
    ingester: Ingester, in_process: Operator, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(instance_run._take_turn.retry, "stop", stop_after_attempt(1))
    began = datetime.now(UTC)
    elsewhere = {"machine": "elsewhere", "host": "elsewhere", "pid": 1}
    until = began + timedelta(hours=1)
    await Lease(id="site", token=1, holder=elsewhere, expires_at=until).insert()
    assert (await Attempts(backfill, {"instance": "site"}).run()).is_failed()
    assert not told_of(in_process, began)
    assert (await Attempts(backfill, {"instance": "site"}).run()).is_failed()
    [told] = wait_until_told(in_process, began)
    assert "is being worked on" in told["payload"]["said"]
    assert told["payload"]["runbook"] == "stuck-run"


async def test_watch_tells_once_of_an_instance_whose_runs_were_killed(
    ingester: Ingester, in_process: Operator
):
    began = datetime.now(UTC)
    for token in (1, 2):
        killed = {"started_at": began, "finished_at": began, "outcome": Outcome.INTERRUPTED}
        await make_run(id=f"site-{token}", token=token, **killed).insert()
    for _ in range(2):
        assert (await Attempts(watch, {}).run()).is_completed()
        [told] = wait_until_told(in_process, began)
    assert "ended without a word" in told["payload"]["said"]
    assert told["payload"]["runbook"] == "stuck-run"


def wait_until_told(operator: Operator, since: datetime) -> list[dict[str, Any]]:
    """Return what people were told of the instance that failed twice, as soon as they were."""
    give_up_at = time.monotonic() + TOLD_S
    while not (told := told_of(operator, since)):
        assert time.monotonic() < give_up_at
        time.sleep(0.5)
    return told


def told_of(operator: Operator, since: datetime) -> list[dict[str, Any]]:
    """Return the events of the instance that failed twice."""
    wanted = {
        "occurred": {"since": since.isoformat()},
        "event": {"name": [FAILED_TWICE]},
        "resource": {"id": [resource_of("site")]},
    }
    found: list[dict[str, Any]] = operator.server.post("events/filter", {"filter": wanted})[
        "events"
    ]
    return found
