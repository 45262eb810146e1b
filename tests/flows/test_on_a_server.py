"""The deployments on a real Prefect server, each run in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from tests.accounts import put_account
from tests.flows.conftest import BOTH, DATABASE, REFUSED_KEY, REFUSED_SECRET
from tests.flows.records import read_builds
from tests.flows.told import read_all_told
from tests.flows.webhook import Webhook, listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.site.process import SiteProcess
    from tests.flows.browser import RunPage
    from tests.flows.operator import Operator

DELAY_S = 20.0
PORTAL_PASSWORD = "a password for the portal"


def test_daily_ingests_every_instance_as_a_run_of_its_own(
    operator: Operator, first_day: tuple[str, dict[str, Any]]
):
    run_id, state = first_day
    assert state["type"] == "COMPLETED", state
    children = operator.children(run_id)
    assert children.keys() == {"one", "two"}
    for instance, child in children.items():
        assert child["deployment_id"]
        assert child["name"] == f"ingest {instance}"
        assert child["state"]["type"] == "COMPLETED"
        assert "new" in child["state"]["message"]
        tasks = operator.tasks(child["id"])
        assert tasks["survey"] == "Completed"
        assert tasks["Sales Invoice"] == "Completed"
        artifacts = operator.artifacts(child["id"])
        assert f"ingest-{instance}-summary" in artifacts
        assert artifacts[f"ingest-{instance}-progress"] == "100"
        assert any("DocTypes have work" in line for line in operator.log_lines(child["id"]))


@pytest.mark.usefixtures("first_day")
def test_rules_are_in_force_before_anything_is_stored_so_that_all_of_it_can_be_judged(
    mongodb_uri: str,
):
    with MongoClient(mongodb_uri) as client:
        found = client["test-flows"]["access_snapshots"].find({"_id": {"$in": BOTH}})
        pointers = list(found)
    assert {row["_id"]: row["pending"] for row in pointers} == {"one": [], "two": []}


def test_what_follows_is_built_once_from_all_that_succeeded(
    operator: Operator, first_day: tuple[str, dict[str, Any]]
):
    built = operator.children(first_day[0], "transform")["transform"]
    assert built["parameters"]["instances"] == BOTH
    assert built["state"]["type"] == "COMPLETED"
    assert "| transform | Completed |" in operator.artifacts(first_day[0])["daily-summary"]


@pytest.mark.usefixtures("first_day")
def test_a_quiet_day_costs_no_task_run_but_the_survey_once_the_lease_is_free(
    operator: Operator, mongodb_uri: str
):
    with MongoClient(mongodb_uri) as client:
        ends = datetime.now(UTC) + timedelta(seconds=10)
        elsewhere = {"machine": "elsewhere", "host": "elsewhere", "pid": 1}
        client[DATABASE]["leases"].update_one(
            {"_id": "one"}, {"$set": {"expires_at": ends, "holder": elsewhere}}
        )
    run_id, state = operator.run("ingest/ingest", instance="one")
    assert state["type"] == "COMPLETED", state
    assert datetime.now(UTC) > ends, "it waited for the machine that died to lose its lease"
    assert operator.tasks(run_id).keys() == {"survey"}
    assert operator.artifacts(run_id).keys() == {"ingest-one-summary"}


@pytest.mark.usefixtures("first_day")
def test_a_failing_doctype_is_named_in_the_ui_and_its_retry_button_repeats_only_that(
    operator: Operator, healthy_sites: dict[str, SiteProcess], run_page: RunPage
):
    control = healthy_sites["one"].control
    for doctype in ("Customer", "Supplier"):
        control.do("insert", doctype=doctype, document={"name": f"Arrived at {doctype}"})
    control.fault(
        "status", status=500, exc_type="KeyError", match={"doctype": "Customer"}, times=None
    )
    run_id, state = operator.run("daily/daily", instances=BOTH)
    assert state["type"] == "FAILED"
    assert "1 of 3 parts failed (one)" in state["message"]
    children = operator.children(run_id)
    assert children["two"]["state"]["type"] == "COMPLETED"
    assert operator.children(run_id, "transform")["transform"]["parameters"]["instances"] == ["two"]
    failed = children["one"]["id"]
    outcomes = {"survey": "Completed", "Customer": "Failed", "Supplier": "Completed"}
    assert operator.tasks(failed) == outcomes

    run_page.open(failed)
    run_page.expect_text("Customer failed: one rejected the list of Customer (500 KeyError).")
    run_page.show_artifact("ingest-one-summary")
    run_page.expect_text("one rejected the list of Customer (500 KeyError).")
    run_page.expect_text("Look into the ERP's Error Log for the cause.")
    run_page.follow("doctype-failed")

    control.clear_faults()
    run_page.open(failed)
    run_page.press_retry()
    healed = operator.wait(failed)
    assert healed["type"] == "COMPLETED", healed
    assert operator.tasks(failed, times=2) == {"survey": "Completed", "Customer": "Completed"}

    run_page.open(run_id)
    run_page.press_retry()
    parent = operator.wait(run_id)
    assert parent["type"] == "COMPLETED", parent
    again = operator.children(run_id)
    assert {child["id"] for child in again.values()} == {child["id"] for child in children.values()}
    assert again["one"]["run_count"] == 2
    assert again["two"]["run_count"] == 1
    followed = [run["parameters"]["instances"] for run in operator.runs_of("transform")]
    assert followed[0] == ["one"], "the automation builds what an operator has healed"


@pytest.mark.usefixtures("first_day")
def test_retries_pressed_at_once_while_the_next_day_is_on_do_no_harm(
    operator: Operator, healthy_sites: dict[str, SiteProcess]
):
    control, of_customer = healthy_sites["one"].control, {"doctype": "Customer"}
    control.do("insert", doctype="Customer", document={"name": "Came late"})
    control.fault("status", status=500, exc_type="KeyError", match=of_customer, times=None)
    failed, state = operator.run("ingest/ingest", instance="one")
    assert state["type"] == "FAILED"

    control.clear_faults()
    control.fault("delay", seconds=DELAY_S, match=of_customer, times=1)
    next_day = operator.schedule("daily/daily", in_s=0, instances=["one"])
    operator.wait_until_at_work(next_day, "one")
    with ThreadPoolExecutor(2) as both:
        list(both.map(operator.press_retry, [failed, failed]))
    operator.wait_until_begun(failed)
    operator.press_retry(failed)

    assert operator.wait(next_day)["type"] == "COMPLETED"
    pulled = operator.children(next_day)["one"]["state"]["message"]
    assert pulled.startswith("one: 1 new, 0 changed"), pulled
    retried = operator.wait(failed)
    assert retried["type"] == "COMPLETED", retried
    assert retried["message"].startswith("one: 0 new, 0 changed"), "it waited, and found it done"
    assert operator.tasks(failed, times=2) == {"survey": "Completed"}


@pytest.mark.usefixtures("first_day")
def test_each_partition_is_built_once_for_each_version_of_what_it_is_built_from(mongodb_uri: str):
    assert set(read_builds(mongodb_uri, DATABASE).values()) == {1}


def test_an_instance_that_is_down_and_one_that_is_throttled_are_told_apart(
    operator: Operator, healthy_sites: dict[str, SiteProcess]
):
    healthy_sites["two"].control.fault("throttle", retry_after=1800, skip=12, times=None)
    run_id, state = operator.run("daily/daily", instances=["down", "two"])
    assert state["type"] == "FAILED"
    assert "1 of 2 parts failed (down)" in state["message"]
    assert not operator.children(run_id, "transform"), "nothing is built from what is not whole"

    down = operator.children(run_id)["down"]
    assert down["state"]["type"] == "FAILED"
    assert "did not answer" in down["state"]["message"]
    assert "Check that the ERP is up" in down["state"]["message"]
    assert "runbook-erp-down" in operator.artifacts(down["id"])

    throttled = operator.children(run_id)["two"]
    assert (throttled["state"]["type"], throttled["state"]["name"]) == ("COMPLETED", "Deferred")
    assert "rate limit" in throttled["state"]["message"]
    assert "runbook-throttled" in operator.artifacts(throttled["id"])


@pytest.fixture(scope="module")
def webhook(operator: Operator) -> Iterator[Webhook]:
    """Whoever is alerted; the automations are applied twice, as after an update."""
    with listening() as made:
        block = made.add_block(operator.server)
        for _ in range(2):
            subprocess.run(  # noqa: S603 our own module
                [sys.executable, "-m", "flows.alerts", block],
                env=os.environ | operator.server.variables,
                check=True,
                capture_output=True,
            )
        yield made


def test_people_are_told_of_an_instance_that_failed_twice(operator: Operator, webhook: Webhook):
    found = operator.server.post("automations/filter", {})
    ours = [each["name"] for each in found if each["name"].startswith("csa: ")]
    assert sorted(ours) == ["csa: an instance needs a hand", "csa: nobody watches the store"]

    for _ in range(2):
        assert operator.run("ingest/ingest", instance="down")[1]["type"] == "FAILED"
    told = webhook.wait_for("down failed twice in a row.")
    assert told["subject"] == "CSA Data Warehouse: down"
    assert "Check that the ERP is up" in told["body"]
    assert "docs/runbooks/erp-down.md" in told["body"]


@pytest.mark.usefixtures("first_day")
def test_a_store_that_grows_old_fails_the_watch_and_people_are_told_once(
    operator: Operator, webhook: Webhook
):
    for _ in range(2):
        run_id, state = operator.run("watch/watch", stale_after_h=0)
        assert state["type"] == "FAILED"
        assert "two was last brought fully up to date" in state["message"]
        assert "runbook-stale-store" in operator.artifacts(run_id)
    webhook.wait_for("two was last brought fully up to date")
    told = [each for each in webhook.received if "two was last" in each["body"]]
    assert len(told) == 1


def test_no_secret_and_nobody_s_address_reaches_the_server(
    operator: Operator, healthy_sites: dict[str, SiteProcess], mongodb_uri: str
):
    control = healthy_sites["one"].control
    token = put_account(mongodb_uri, DATABASE, "asha", password=PORTAL_PASSWORD)
    control.do("insert", doctype="Customer", document={"name": "Arrived in secret"})
    control.fault(
        "status", status=500, exc_type="KeyError", match={"doctype": "Customer"}, times=None
    )
    # One whose DocType fails, and one whose key does.
    named = ["one", "refused"]
    runs = [
        operator.start(f"{flow}/{flow}", instances=named) for flow in ("daily", "access-refresh")
    ]
    assert {operator.wait(run)["type"] for run in runs} == {"FAILED"}
    assert operator.tasks(operator.children(runs[0])["one"]["id"])["Customer"] == "Failed"

    with MongoClient(mongodb_uri) as client:
        people = {who for who in client[DATABASE]["erp_one"].distinct("owner_lc") if "@" in who}
    secrets = {
        *(healthy_sites["one"].key, healthy_sites["one"].secret, healthy_sites["one"].password),
        *(REFUSED_KEY, REFUSED_SECRET, PORTAL_PASSWORD, token, urlsplit(mongodb_uri).password),
    }
    told = read_all_told(operator.server)
    assert "refused refused the API key" in told["states"]
    assert "KeyError" in told["task_runs"]
    assert people
    assert any(path.startswith("storage/") for path in told), "results of tasks are looked at, too"
    leaks = {
        (what, secret)
        for what, text in told.items()
        for secret in (*people, *secrets, "Arrived in secret", "Arrived at")
        if secret.lower() in text.lower()
    }
    assert leaks == set()
