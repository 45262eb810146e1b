"""The deployments on a real Prefect server, each run in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.site.process import SiteProcess
    from tests.flows.operator import Operator


def test_daily_ingests_every_instance_as_a_run_of_its_own(operator: Operator):
    run_id, state = operator.run("daily/daily", instances=["one", "two"])
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
        assert f"ingest-{instance}-summary" in operator.artifacts(child["id"])
        assert any("DocTypes have work" in line for line in operator.log_lines(child["id"]))


def test_a_quiet_day_costs_no_task_run_but_the_survey(operator: Operator):
    operator.run("ingest/ingest", instance="one")
    run_id, state = operator.run("ingest/ingest", instance="one")
    assert state["type"] == "COMPLETED", state
    assert operator.tasks(run_id).keys() == {"survey"}


def test_a_failing_doctype_is_named_and_retry_repeats_only_that(
    operator: Operator, sites: dict[str, SiteProcess]
):
    operator.run("daily/daily", instances=["one", "two"])
    control = sites["one"].control
    for doctype in ("Customer", "Supplier"):
        control.do("insert", doctype=doctype, document={"name": f"Arrived at {doctype}"})
    control.fault(
        "status", status=500, exc_type="KeyError", match={"doctype": "Customer"}, times=None
    )

    run_id, state = operator.run("daily/daily", instances=["one", "two"])
    assert state["type"] == "FAILED"
    assert "1 of 2 instances failed (one)" in state["message"]
    children = operator.children(run_id)
    assert children["two"]["state"]["type"] == "COMPLETED"
    failed = children["one"]
    assert "Customer" in failed["state"]["message"]
    assert operator.tasks(failed["id"]) == {
        "survey": "Completed",
        "Customer": "Failed",
        "Supplier": "Completed",
    }
    summary = operator.artifacts(failed["id"])["ingest-one-summary"]
    assert "| Customer |" in summary
    assert "Error Log" in summary

    control.clear_faults()
    healed = operator.retry(failed["id"])
    assert healed["type"] == "COMPLETED", healed
    assert operator.tasks(failed["id"], times=2) == {"survey": "Completed", "Customer": "Completed"}

    parent = operator.retry(run_id)
    assert parent["type"] == "COMPLETED", parent
    again = operator.children(run_id)
    assert {child["id"] for child in again.values()} == {child["id"] for child in children.values()}
    assert again["one"]["run_count"] == 2
    assert again["two"]["run_count"] == 1


def test_an_instance_that_is_down_is_named_and_stops_no_other(operator: Operator):
    run_id, state = operator.run("daily/daily", instances=["down", "two"])
    assert state["type"] == "FAILED"
    assert "(down)" in state["message"]
    assert "did not answer" in state["message"]
    children = operator.children(run_id)
    assert children["two"]["state"]["type"] == "COMPLETED"
    assert children["down"]["state"]["type"] == "FAILED"
    assert "Check that the ERP is up" in children["down"]["state"]["message"]


def test_a_throttled_instance_is_deferred_and_not_failed(
    operator: Operator, sites: dict[str, SiteProcess]
):
    sites["two"].control.fault("throttle", retry_after=1800, skip=12, times=None)
    run_id, state = operator.run("daily/daily", instances=["two"])
    assert (state["type"], state["name"]) == ("COMPLETED", "Deferred")
    child = operator.children(run_id)["two"]
    assert child["state"]["name"] == "Deferred"
    assert "rate limit" in child["state"]["message"]


def test_no_secret_and_no_document_name_reaches_the_server(
    operator: Operator, sites: dict[str, SiteProcess]
):
    run_id, _ = operator.run("ingest/ingest", instance="one", full=True)
    page = "\n".join([*operator.log_lines(run_id), *operator.artifacts(run_id).values()])
    assert sites["one"].secret not in page
    assert "Arrived at" not in page
