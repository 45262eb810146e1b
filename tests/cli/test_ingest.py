"""`csa ingest`: exit codes, what it says where, and that it ends cleanly."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.commanding import Csa, finish
from warehouse.documents.control import Lease, Outcome, Run
from warehouse.documents.raw import raw_model
from warehouse.ingestion.lease import hold_lease

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.site.process import SiteProcess
    from tests.commanding import Finished
    from tests.ingesting import Ingester

INCLUDE = {"ERP__SITE__INCLUDE": "Customer,Item,Sales Invoice,Farmer"}
DEAD = {
    "ERP__DEAD__URL": "http://127.0.0.1:9",
    "ERP__DEAD__API_KEY": "sentinelkey",
    "ERP__DEAD__API_SECRET": "sentinelsecret",
}


@pytest.fixture
def few(csa: Csa) -> Csa:
    """The command with a few DocTypes only, to be quick."""
    return csa.with_variables(**INCLUDE)


async def in_a_thread(call: Callable[..., Finished], *arguments: str) -> Finished:
    return await asyncio.to_thread(call, *arguments)


async def test_a_run_in_which_all_went_well_exits_with_0(few: Csa, ingester: Ingester):
    finished = await in_a_thread(few.run, "ingest")
    assert finished.code == 0, finished.stderr
    stored = await ingester.stored.count_documents({})
    assert f"site completed: {stored} documents seen, {stored} new" in finished.stdout
    await ingester.assert_equal("Customer", "Sales Invoice")


async def test_json_is_all_that_is_on_stdout(few: Csa, ingester: Ingester):
    finished = await in_a_thread(few.run, "ingest", "--json")
    run = finished.json["instances"]["site"]
    assert run["outcome"] == "completed"
    assert run["totals"]["new"] == await ingester.stored.count_documents({})
    assert {report["doctype"] for report in run["doctypes"]} == {
        "Customer", "Item", "Sales Invoice", "Farmer",
    }  # fmt: skip


async def test_only_what_is_asked_for_is_ingested(csa: Csa, ingester: Ingester):
    finished = await in_a_thread(csa.run, "ingest", "site", "--doctype", "Item", "--doctype", "UOM")
    assert finished.code == 0
    assert set(await ingester.stored.distinct("doctype")) == {"Item", "UOM"}
    name = (await ingester.stored.find_one({"doctype": "Item"}) or {})["name"]
    ingester.edit("Item", name, modified=None, description="silently")
    again = await in_a_thread(csa.run, "ingest", "--doctype", "Item", "--json")
    assert again.json["instances"]["site"]["totals"]["changed"] == 0
    full = await in_a_thread(csa.run, "ingest", "--doctype", "Item", "--full", "--json")
    assert full.json["instances"]["site"]["totals"]["changed"] == 1


@pytest.mark.usefixtures("database")
async def test_a_failed_doctype_exits_with_3_and_is_named_with_a_cure(few: Csa, site: SiteProcess):
    site.control.fault("html", status=200, match={"doctype": "Customer"}, times=None)
    finished = await in_a_thread(few.run, "ingest")
    assert finished.code == 3
    assert "site partial" in finished.stdout
    assert "failed Customer: site answered the list of Customer with text/html" in finished.stdout
    assert "Check that ERP__SITE__URL" in finished.stdout
    assert "Traceback" not in finished.stderr


@pytest.mark.usefixtures("database")
async def test_a_denied_doctype_is_named_and_no_failure(few: Csa, site: SiteProcess):
    site.control.do("refuse", doctype="Customer")
    finished = await in_a_thread(few.run, "ingest")
    assert finished.code == 0
    assert "denied to the key, which is no failure: Customer" in finished.stdout


@pytest.mark.usefixtures("database")
async def test_stored_documents_of_a_denied_doctype_are_told_with_the_cure(
    few: Csa, site: SiteProcess
):
    await in_a_thread(few.run, "ingest")
    site.control.do("refuse", doctype="Customer")
    finished = await in_a_thread(few.run, "ingest")
    assert finished.code == 0
    assert "not seen The key may not read any more: Customer (since" in finished.stdout
    assert "Give the integration user back a role" in finished.stdout


@pytest.mark.usefixtures("database")
async def test_a_feed_that_is_refused_is_told_with_the_right_to_give(few: Csa, site: SiteProcess):
    site.control.do("refuse", doctype="Comment")
    finished = await in_a_thread(few.run, "ingest")
    assert finished.code == 0
    assert "not seen The key may not read Comment" in finished.stdout
    assert "may read Comment, as System Manager may" in finished.stdout
    assert "not seen The key may not read Comment" in (await in_a_thread(few.run, "status")).stdout


@pytest.mark.usefixtures("database")
async def test_a_throttled_run_exits_with_3_and_says_when_it_goes_on(few: Csa, site: SiteProcess):
    site.control.fault("throttle", retry_after=77, match={"doctype": "Customer"}, times=None)
    finished = await in_a_thread(few.run, "ingest", "--json")
    assert finished.code == 3
    run = finished.json["instances"]["site"]
    assert run["outcome"] == "deferred"
    assert "77 s" in run["failure"]["message"]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("fault", ["unauthorized", "maintenance"])
async def test_a_site_that_gives_nothing_says_why(few: Csa, site: SiteProcess, fault: str):
    site.control.fault(fault, times=None)
    finished = await in_a_thread(few.run, "ingest")
    assert finished.code == {"unauthorized": 1, "maintenance": 3}[fault]
    assert "stopped" in finished.stdout
    assert site.secret not in finished.stdout + finished.stderr


async def test_an_unknown_doctype_exits_with_1_and_its_name(few: Csa):
    finished = await in_a_thread(few.run, "ingest", "--doctype", "Custmer")
    assert finished.code == 1
    assert "Custmer" in finished.stdout
    assert "Check the spelling" in finished.stdout


async def test_one_instance_that_is_down_stops_no_other(few: Csa):
    finished = await in_a_thread(few.with_variables(**DEAD).run, "ingest", "--json")
    assert finished.code == 3
    outcomes = {name: run["outcome"] for name, run in finished.json["instances"].items()}
    assert outcomes == {"dead": "failed", "site": "completed"}
    failure = finished.json["instances"]["dead"]["failure"]
    assert "did not answer" in failure["message"]
    assert failure["cure"]
    assert "sentinel" not in finished.stdout + finished.stderr


async def test_one_instance_that_is_held_stops_no_other(few: Csa):
    async with hold_lease("dead", "reconcile"):
        finished = await in_a_thread(few.with_variables(**DEAD).run, "ingest")
    assert finished.code == 3
    assert f"(reconcile) by process {os.getpid()}" in finished.stderr
    assert "site completed" in finished.stdout


async def test_log_lines_name_no_document_and_no_secret(few: Csa, ingester: Ingester):
    ingester.site.control.do("refuse", doctype="Farmer Crop")
    ingester.site.control.fault("cut", match={"doctype": "Customer"}, times=2)
    ingester.site.control.fault("html", match={"doctype": "Item"}, status=200, times=None)
    ingester.site.control.fault(
        "status", status=500, exc_type="KeyError", match={"kind": "read", "doctype": "Farmer"}
    )
    finished = await in_a_thread(few.run, "ingest")
    assert finished.code == 3
    lines = finished.stderr.splitlines()
    assert any("Farmer completed: " in line and "1 rejected" in line for line in lines), (
        finished.stderr
    )
    assert any("Attempt 1 failed" in line for line in lines)
    names = {row["name"] async for row in ingester.stored.find({}, {"name": 1})}
    assert len(names) > 100
    assert not [name for name in names if len(name) > 3 and name in finished.stderr]
    for secret in (ingester.site.key, ingester.site.secret, "http://"):
        assert secret not in finished.stderr


async def test_bars_are_drawn_on_a_terminal_and_json_stays_clean(few: Csa):
    mine, its = pty.openpty()
    process = few.with_variables(TERM="xterm-256color", COLUMNS="120").start(
        "ingest", "--json", stderr=its
    )
    os.close(its)
    drawn, finished = await asyncio.gather(
        asyncio.to_thread(read_all, mine), asyncio.to_thread(finish, process)
    )
    assert finished.code == 0
    assert finished.json["instances"]["site"]["outcome"] == "completed"
    assert "━" in drawn
    assert "4/4 DocTypes" in drawn.replace("\x1b[0m", "").replace("\x1b[32m", "")
    assert "INFO" not in drawn


def read_all(terminal: int) -> str:
    """Return what was written to a terminal until the last writer was gone."""
    parts = []
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:
            part = b""
        if not part:
            os.close(terminal)
            return b"".join(parts).decode("utf-8", "replace")
        parts.append(part)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_run_that_is_asked_to_stop_says_so_and_gives_the_lease_back(
    few: Csa, ingester: Ingester, number: signal.Signals
):
    ingester.site.control.fault("delay", seconds=3.0, match={"doctype": "Customer"}, times=None)
    process = await asyncio.to_thread(few.start, "ingest")
    while not await stored_rows():
        assert process.poll() is None
        await asyncio.sleep(0.01)
    process.send_signal(number)
    finished = await asyncio.to_thread(finish, process)
    ingester.site.control.clear_faults()
    assert finished.code not in {0, 3, 5}
    assert "Traceback" not in finished.stderr
    run = await Run.get("site-00000001")
    assert run
    lease = await Lease.get("site")
    assert lease
    assert (run.outcome, lease.holder) == (Outcome.INTERRUPTED, None)


async def stored_rows() -> int:
    rows: Any = raw_model("site").get_pymongo_collection()
    return await rows.estimated_document_count()
