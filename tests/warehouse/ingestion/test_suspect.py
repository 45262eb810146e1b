"""Documents that a key can't see any more look as if they were deleted: nothing is removed."""

from __future__ import annotations

import pytest

from demo.site.auth import SERVICE_USER
from tests.ingesting import Ingester, report_of
from tests.sample_books import count_sample
from warehouse.documents.control import Failure, Outcome, Run
from warehouse.documents.tombstones import Reason
from warehouse.ingestion.task import Depth

FARMERS = count_sample("Farmer")
MANY, FEW = 21, 20


async def farmers(ingester: Ingester, number: int = FARMERS) -> list[str]:
    """Store the Farmers and return the names of `number` of them."""
    await ingester.run("Farmer", "Customer")
    return [name for _, name in sorted(await ingester.read_store("Farmer"))][:number]


def hide(ingester: Ingester, names: list[str], there: int = FARMERS) -> None:
    """Let no list show `names`, the last of those that are `there`, and refuse single reads."""
    lists = {"kind": "list", "doctype": "Farmer"}
    ingester.site.control.fault("truncate", match=lists, rows=there - len(names), times=None)
    for column in ("name", "creation"):
        looks = {**lists, "contains": f'["{column}","in",'}
        ingester.site.control.fault("empty", match=looks, times=None)
    for name in names:
        read = {"kind": "read", "doctype": "Farmer", "contains": name}
        ingester.site.control.fault(
            "status", match=read, status=403, exc_type="PermissionError", times=None
        )


def restrict_key(ingester: Ingester, user: str = SERVICE_USER) -> None:
    permission = {"name": "narrow", "user": user, "allow": "Territory", "for_value": "Telangana"}
    ingester.insert("User Permission", permission)


async def assert_suspect(ingester: Ingester, run: Run, absent: int) -> Failure:
    """Fail unless the run kept `absent` Farmers, says so, and went on with the others."""
    report = report_of(run, "Farmer")
    assert (run.outcome, report.outcome) == (Outcome.PARTIAL, Outcome.SUSPECT)
    assert (report.absent, report.deleted, report.renamed) == (absent, 0, 0)
    assert await ingester.stored.count_documents({"doctype": "Farmer"}) == FARMERS
    assert await ingester.buried() == {}
    state = await ingester.state("Farmer")
    assert (state.outcome, state.documents, state.failure) == (
        Outcome.SUSPECT,
        FARMERS,
        report.failure,
    )
    assert report.failure
    assert report.failure.code == "suspect_deletes"
    assert f"{absent} stored documents" in report.failure.message
    return report.failure


@pytest.mark.parametrize("inventory_rows", [20_000, 15], ids=["small", "large"])
async def test_more_than_twenty_that_left_without_a_trace_are_kept_until_an_operator_says_so(
    ingester: Ingester, inventory_rows: int
):
    ingester.inventory_rows = inventory_rows
    names = await farmers(ingester, MANY)
    ingester.delete("Farmer", *names, trace=False)
    depth = Depth.CHANGES if inventory_rows > FARMERS else Depth.NAMES
    for _ in range(2):
        failure = await assert_suspect(
            ingester, await ingester.reconcile("Farmer", "Customer", depth=depth), MANY
        )
    assert "csa reconcile site --doctype 'Farmer' --accept-deletes" in failure.cure
    run = await ingester.reconcile("Farmer", accept_deletes=True)
    assert (run.outcome, run.totals.deleted, run.totals.absent) == (Outcome.COMPLETED, MANY, 0)
    buried = await ingester.buried()
    assert {name: row["reason"] for name, row in buried.items()} == dict.fromkeys(
        names, Reason.VANISHED
    )
    assert (await ingester.run("Farmer")).outcome is Outcome.COMPLETED
    await ingester.assert_equal("Farmer")


async def test_twenty_that_left_without_a_trace_are_removed(ingester: Ingester):
    names = await farmers(ingester, FEW)
    ingester.delete("Farmer", *names, trace=False)
    report = await ingester.report("Farmer")
    assert (report.deleted, report.outcome) == (FEW, Outcome.COMPLETED)
    await ingester.assert_equal("Farmer")


async def test_any_number_that_the_erp_reports_is_removed(ingester: Ingester):
    names = await farmers(ingester, 30)
    ingester.delete("Farmer", *names)
    report = await ingester.report("Farmer")
    assert (report.deleted, report.outcome) == (30, Outcome.COMPLETED)
    await ingester.assert_equal("Farmer")


async def test_a_suspect_doctype_stores_what_is_new_and_buries_what_was_replaced(
    ingester: Ingester,
):
    names = await farmers(ingester)
    reborn, edited = names[-1], names[-2]
    ingester.delete("Farmer", *names[:MANY], reborn, trace=False)
    ingester.insert("Farmer", {"name": reborn, "farmer_name": "The next"}, {"name": "Newcomer"})
    ingester.edit("Farmer", edited, village="elsewhere")
    report = await ingester.report("Farmer")
    assert (report.outcome, report.absent) == (Outcome.SUSPECT, MANY)
    assert (report.new, report.changed, report.deleted) == (2, 1, 1)
    assert list(await ingester.buried()) == [reborn]
    stored = await ingester.read_store("Farmer")
    there = await ingester.read_site("Farmer")
    assert {key: stored[key] for key in there} == there
    assert len(stored) == len(there) + MANY


@pytest.mark.parametrize("doctype", ["Farmer", "Territory"], ids=["many rows", "a few rows"])
async def test_an_emptied_table_empties_no_store(ingester: Ingester, doctype: str):
    await ingester.run(doctype)
    before = await ingester.read_store(doctype)
    match = {"kind": "list", "doctype": doctype}
    ingester.site.control.fault("empty", match=match, times=None)
    report = await ingester.report(doctype)
    assert (report.outcome, report.absent) == (Outcome.SUSPECT, len(before))
    assert await ingester.read_store(doctype) == before
    ingester.site.control.clear_faults()
    assert (await ingester.report(doctype)).outcome is Outcome.COMPLETED
    assert await ingester.buried() == {}


async def test_what_the_key_may_not_read_any_more_is_not_gone(ingester: Ingester):
    await farmers(ingester)
    names = [row["name"] for row in await newest(ingester, 3)]
    hide(ingester, names)
    await assert_suspect(ingester, await ingester.run("Farmer", "Customer"), 3)
    ingester.site.control.clear_faults()
    assert (await ingester.report("Farmer")).outcome is Outcome.COMPLETED
    assert await ingester.buried() == {}


async def newest(ingester: Ingester, number: int) -> list[dict[str, str]]:
    """Return the rows that a list in the order of (modified, name) ends with."""
    query = {"doctype": "Farmer"}
    cursor = ingester.stored.find(query).sort([("erp_modified", -1), ("name", -1)])
    return await cursor.limit(number).to_list()


async def test_a_user_permission_on_the_key_removes_nothing_not_even_what_is_reported(
    ingester: Ingester,
):
    names = await farmers(ingester, 4)
    restrict_key(ingester)
    ingester.delete("Farmer", *names[:2])
    ingester.delete("Farmer", *names[2:], trace=False)
    failure = await assert_suspect(ingester, await ingester.run("Farmer", "Customer"), 4)
    assert "csa check" in failure.cure
    assert "User Permissions" in failure.cure
    ingester.delete("User Permission", "narrow")
    run = await ingester.run("Farmer")
    assert (run.outcome, run.totals.deleted) == (Outcome.COMPLETED, 4)
    await ingester.assert_equal("Farmer")


async def test_a_user_permission_that_hides_itself_from_lists_counts_too(ingester: Ingester):
    names = await farmers(ingester, 2)
    restrict_key(ingester)
    ingester.site.control.do("refuse", doctype="User Permission")
    ingester.delete("Farmer", *names, trace=False)
    await assert_suspect(ingester, await ingester.run("Farmer", "Customer"), 2)


async def test_where_nobody_says_what_narrows_the_key_nothing_is_removed(ingester: Ingester):
    names = await farmers(ingester, 2)
    match = {"path_regex": "get_user_permissions"}
    ingester.site.control.fault(
        "status", match=match, status=403, exc_type="PermissionError", times=None
    )
    ingester.delete("Farmer", *names)
    run = await ingester.run("Farmer", "Customer")
    await assert_suspect(ingester, run, 2)
    assert [spot.code for spot in run.blind_spots] == ["user_permissions_unknown"]
    ingester.site.control.clear_faults()
    assert (await ingester.report("Farmer")).deleted == 2


async def test_hidden_documents_are_found_behind_any_number_that_really_left(ingester: Ingester):
    ingester.insert("Farmer", *({"name": f"more-{number:04d}"} for number in range(1500)))
    names = await farmers(ingester, FEW)
    hidden = [row["name"] for row in await newest(ingester, 3)]
    ingester.delete("Farmer", *names, trace=False)
    hide(ingester, hidden, FARMERS + 1500 - FEW)
    report = await ingester.report("Farmer")
    assert (report.outcome, report.absent, report.deleted) == (Outcome.SUSPECT, FEW + 3, 0)
    assert ingester.requests("read", "Farmer") <= FEW + 3
    assert await ingester.buried() == {}


async def test_a_user_permission_on_somebody_else_concerns_nobody(ingester: Ingester):
    names = await farmers(ingester, 2)
    restrict_key(ingester, user="analyst@csa.example")
    ingester.delete("Farmer", *names, trace=False)
    assert (await ingester.report("Farmer")).deleted == 2


async def test_an_operator_may_accept_what_a_narrowed_key_shows(ingester: Ingester):
    names = await farmers(ingester, 2)
    restrict_key(ingester)
    ingester.delete("Farmer", *names)
    run = await ingester.reconcile("Farmer", depth=Depth.NAMES, accept_deletes=True)
    assert (run.outcome, run.totals.deleted) == (Outcome.COMPLETED, 2)


async def test_a_single_read_that_fails_removes_nothing(ingester: Ingester):
    names = await farmers(ingester, 1)
    ingester.delete("Farmer", *names, trace=False)
    match = {"kind": "read", "doctype": "Farmer"}
    ingester.site.control.fault("html", match=match, status=200)
    report = await ingester.report("Farmer")
    assert report.outcome is Outcome.FAILED
    assert await ingester.buried() == {}
    assert (await ingester.report("Farmer")).deleted == 1
