"""Who may see what is read every half hour, whatever becomes of one instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.site.process import SiteProcess
    from tests.flows.operator import Operator

DEPLOYMENT = "access-refresh/access-refresh"


def test_access_is_refreshed_and_a_failing_instance_is_named(
    operator: Operator, sites: dict[str, SiteProcess]
):
    _, state = operator.run(DEPLOYMENT, instances=["one", "two"])
    assert state["type"] == "COMPLETED", state
    assert "one: " in state["message"]
    sites["one"].control.do("refuse", doctype="User Permission")
    try:
        run_id, state = operator.run(DEPLOYMENT, instances=["one", "two"])
    finally:
        sites["one"].control.do("refuse", doctype="User Permission", refused=False)
    assert state["type"] == "FAILED"
    assert "1 of 2 instances failed." in state["message"]
    assert "one: one refuses the list of User Permission" in state["message"]
    assert "runbook-access-stale" in operator.artifacts(run_id)
