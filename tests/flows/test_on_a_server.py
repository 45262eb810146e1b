"""The deployments on a real Prefect server, each run in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import MongoClient

from tests.flows.conftest import BOTH
from tests.flows.webhook import Webhook, listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.site.process import SiteProcess
    from tests.flows.browser import RunPage
    from tests.flows.operator import Operator


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
        pointers = list(client["test-flows"]["access_snapshots"].find())
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
        client["test-flows"]["leases"].update_one(
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
def test_each_partition_is_built_once_for_each_version_of_what_it_is_built_from(mongodb_uri: str):
    with MongoClient(mongodb_uri) as client:
        builds = client["test-flows"]["dataset_builds"].find({"state": {"$ne": "failed"}}).to_list()
    assert builds
    versions = Counter(f"{build['dataset']} {build['slot']} {build['inputs']}" for build in builds)
    assert {version: times for version, times in versions.items() if times > 1} == {}


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


def test_no_secret_and_no_document_name_reaches_the_server(
    operator: Operator, sites: dict[str, SiteProcess]
):
    for run in operator.runs_of("ingest"):
        page = "\n".join([*operator.log_lines(run["id"]), *operator.artifacts(run["id"]).values()])
        assert sites["one"].secret not in page
        assert "Arrived at" not in page
