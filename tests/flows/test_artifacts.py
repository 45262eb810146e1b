"""What an operator reads of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.artifacts import describe_run, list_pages
from flows.summary import conclude, describe_failures
from tests.flows.records import make_report, make_run
from warehouse.documents.control import Failure, Outcome

if TYPE_CHECKING:
    from warehouse.documents.control import Run


def _describe(run: Run) -> str:
    return describe_run(run, {page: f"<{page}>" for page in list_pages(run)})


def test_of_450_doctypes_the_20_that_changed_and_the_failures_are_shown():
    changed = [make_report(f"Changed {number}", changed=1) for number in range(20)]
    failed = [make_report("Broken A", "erp_rejected"), make_report("Broken B", "erp_timed_out")]
    run = make_run(*changed, *failed, quiet=428, outcome=Outcome.PARTIAL)
    text = _describe(run)
    assert "20 changed" in text
    assert "in 450 DocTypes, 428 of them quiet" in text
    assert [line.split(" | ")[0] for line in text.splitlines() if "Broken" in line] == [
        "| Broken A",
        "| Broken B",
    ]
    assert len(text.splitlines()) < 12


def test_each_failure_has_cause_cure_and_a_link_to_its_runbook():
    text = _describe(make_run(make_report("Customer", "erp_timed_out")))
    assert "| Customer | <erp-down> | Customer \\| broke. | Mend it. |" in text


def test_what_stopped_a_run_stands_first_with_its_runbook():
    refused = Failure(code="erp_unauthorized", message="The key was refused.", cure="Renew it.")
    run = make_run(outcome=Outcome.FAILED, failure=refused, unreached=450)
    state = conclude(run)
    assert state.is_failed()
    said = "site: The key was refused. Renew it. Runbook: key-rejected. 450 DocTypes were not"
    assert said in str(state.message)
    assert "**Stopped.** The key was refused. Renew it. Runbook: <key-rejected>." in _describe(run)
    assert list_pages(run) == {"key-rejected"}


def test_denied_and_rejected_are_no_failures_and_have_runbooks():
    denied = make_report("Salary Slip", "erp_rejected", outcome=Outcome.DENIED)
    run = make_run(denied, make_report("Item", rejected=2, new=1))
    assert conclude(run).is_completed()
    assert list_pages(run) == {"doctype-denied", "rejected-documents"}
    assert "Denied to the key, which is no failure: Salary Slip." in _describe(run)


def test_what_an_earlier_attempt_has_done_is_told():
    text = describe_run(make_run(), {}, ["Supplier", "Customer"])
    assert "Done by an earlier attempt: Customer, Supplier." in text


REFUSED = Failure(code="feed_refused", message="Comment is refused.", cure="Give the role.")


def test_what_a_completed_run_could_not_see_is_told_with_its_cure_and_runbook():
    run = make_run(make_report("Item", new=1), blind_spots=[REFUSED])
    state = conclude(run)
    assert state.is_completed()
    said = "Comment is refused. Give the role. Runbook: doctype-denied."
    assert str(state.message).endswith(f"quiet. {said}")
    assert "**Not seen.** Comment is refused. Give the role. Runbook: <doctype-denied>." in (
        _describe(run)
    )


def test_a_run_in_which_only_a_feed_failed_says_so():
    broken = Failure(code="erp_rejected", message="Comment broke.", cure="Mend it.")
    run = make_run(make_report("Item", new=1), outcome=Outcome.PARTIAL, blind_spots=[broken])
    assert describe_failures(run) == "site: Comment broke. Mend it. Runbook: doctype-failed."


def test_a_deferred_run_is_completed_under_that_name_and_says_what_waits():
    throttled = Failure(code="erp_throttled", message="The rate limit is used up.", cure="")
    state = conclude(make_run(outcome=Outcome.DEFERRED, failure=throttled, unreached=7))
    assert (state.is_completed(), state.name) == (True, "Deferred")
    assert str(state.message).endswith(
        "The rate limit is used up. 7 DocTypes wait for the next run."
    )


def test_many_failures_are_counted_and_the_first_ones_named():
    reports = [make_report(f"D{number}", "erp_rejected") for number in range(12)]
    said = describe_failures(make_run(*reports, outcome=Outcome.PARTIAL))
    assert "12 DocTypes failed or suspect: D0, D1" in said
    assert "D9 and 2 more." in said
