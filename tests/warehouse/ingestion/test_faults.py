"""One run, one fault of each kind on a DocType each: all others complete, each failure is named."""

from __future__ import annotations

from typing import Any

from tests.ingesting import Ingester, report_of
from warehouse.documents.control import Outcome

# DocType → what goes wrong with it, and how that is reported.
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "Address": ({"action": "status", "status": 500, "exc_type": "KeyError"}, "erp_rejected"),
    "Brand": ({"action": "status", "status": 417, "exc_type": "DataError"}, "erp_rejected"),
    "Contact": ({"action": "html", "status": 502}, "erp_unavailable"),
    "Customer": ({"action": "html", "status": 200}, "erp_contract_broken"),
    "Farmer": ({"action": "garbage"}, "erp_contract_broken"),
    "Field Visit": ({"action": "keyless"}, "erp_contract_broken"),
    "Item": ({"action": "cut"}, "erp_unavailable"),
    "Payment Entry": ({"action": "blank"}, "erp_contract_broken"),
    "Sales Invoice": ({"action": "empty"}, "suspect_deletes"),
    "Supplier": (
        {"action": "status", "status": 403, "exc_type": "PermissionError"},
        "erp_rejected",
    ),
}


async def test_each_kind_of_fault_stays_with_its_doctype_and_names_its_cure(ingester: Ingester):
    first = await ingester.run()
    assert first.outcome is Outcome.COMPLETED
    before = await ingester.read_store()
    for doctype, (rule, _) in FAULTS.items():
        match = {"kind": "list", "doctype": doctype}
        ingester.site.control.fault(**rule, match=match, times=None)
    # These pass by themselves.
    ingester.site.control.fault(
        "status", match={"doctype": "Territory"}, status=500, exc_type="QueryDeadlockError", times=2
    )
    ingester.site.control.fault("delay", match={"doctype": "Currency"}, seconds=0.2)
    ingester.insert("Territory", {"name": "new in a deadlock"})
    ingester.insert("Company", {"name": "new beside the faults"})
    run = await ingester.run()
    assert (run.outcome, run.failure, run.unreached) == (Outcome.PARTIAL, None, 0)
    for doctype, (_, code) in FAULTS.items():
        report = report_of(run, doctype)
        assert report.failure, doctype
        assert (doctype, report.failure.code) == (doctype, code)
        assert report.failure.cure
        state = await ingester.state(doctype)
        assert (state.outcome, state.failure) == (report.outcome, report.failure)
    outcomes = {doctype: report_of(run, doctype).outcome for doctype in FAULTS}
    assert outcomes.pop("Supplier") is Outcome.DENIED
    assert outcomes.pop("Sales Invoice") is Outcome.SUSPECT
    assert set(outcomes.values()) == {Outcome.FAILED}
    others = {report.doctype: report for report in run.doctypes if report.doctype not in FAULTS}
    assert {report.outcome for report in others.values()} == {Outcome.COMPLETED}
    assert (others["Territory"].new, others["Territory"].retries) == (1, 2)
    assert others["Company"].new == 1
    assert run.quiet + len(run.doctypes) == first.quiet + len(first.doctypes)
    # Nothing was lost anywhere.
    assert (await ingester.read_store()).keys() >= before.keys()
    assert await ingester.buried() == {}
    ingester.site.control.clear_faults()
    assert (await ingester.run()).outcome is Outcome.COMPLETED
    await ingester.assert_equal("Farmer", "Field Visit", "Supplier", "Territory")
