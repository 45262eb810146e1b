"""`csa ingest`, killed with SIGKILL at seeded moments: the next run makes good what is missing."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.commanding import Csa, kill
from tests.sample_books import count_sample
from warehouse.documents.control import Outcome, Run, SyncState
from warehouse.erpnext.client import ErpClient

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Awaitable, Callable

    from tests.ingesting import Ingester

DOCTYPES = ("Farmer", "Payment Entry", "Sales Invoice")
DOCUMENTS = sum(map(count_sample, DOCTYPES))
PAGE_ROWS = 20
INVENTORY_ROWS = {"small": 20_000, "large": 15}
DICE = random.Random(20_261_123)  # noqa: S311 the same moments every time
# After how many stored documents: none of them before the first page or after the last.
MOMENTS = [
    (mode, moment)
    for mode in INVENTORY_ROWS
    for moment in sorted(DICE.sample(range(1, DOCUMENTS - 39), 4))
]
LIMIT_S = 20.0


@pytest.fixture
def killed(csa: Csa, ingester: Ingester, request: pytest.FixtureRequest) -> Csa:
    """The command that is killed, and the same settings for the run after it."""
    mode = request.param if hasattr(request, "param") else "small"
    ingester.inventory_rows = INVENTORY_ROWS[mode]
    ingester.options = {"page_rows": PAGE_ROWS, "include": DOCTYPES}
    return csa.with_variables(
        ERP__SITE__PAGE_ROWS=str(PAGE_ROWS),
        ERP__SITE__INCLUDE=",".join(DOCTYPES),
        CSA_INVENTORY_ROWS=str(INVENTORY_ROWS[mode]),
    )


async def kill_when(csa: Csa, is_time: Callable[[], Awaitable[bool]]) -> None:
    """Start `csa ingest` and kill it as soon as `is_time` says so."""
    process = await asyncio.to_thread(csa.start, "ingest")
    try:
        async with asyncio.timeout(LIMIT_S):
            while not await is_time():
                await fail_if_ended(process)
                await asyncio.sleep(0.002)
    finally:
        await asyncio.to_thread(kill, process)


async def fail_if_ended(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        _, stderr = await asyncio.to_thread(process.communicate)
        pytest.fail(f"it ended with {process.returncode} before it was killed: {stderr}")


async def assert_healed(ingester: Ingester, missing: int) -> None:
    """Run again, and fail unless the store holds what the site does and the records say so."""
    run = await ingester.run()
    assert run.outcome is Outcome.COMPLETED
    assert run.totals.new == missing
    await ingester.assert_equal(*DOCTYPES)
    states = {state.doctype: state async for state in SyncState.find_all()}
    assert {doctype: state.documents for doctype, state in states.items()} == {
        doctype: await ingester.stored.count_documents({"doctype": doctype}) for doctype in DOCTYPES
    }
    assert not [state for state in states.values() if state.position]
    runs = await Run.find_all().sort("token").to_list()
    assert [run.outcome for run in runs][-2:] == [Outcome.INTERRUPTED, Outcome.COMPLETED]
    assert all(run.finished_at for run in runs)


@pytest.mark.parametrize(("killed", "moment"), MOMENTS, indirect=["killed"])
async def test_a_run_killed_between_its_pages_is_made_good_by_the_next(
    killed: Csa, ingester: Ingester, moment: int
):
    match = {"kind": "list", "contains": '["*"]'}
    ingester.site.control.fault("delay", seconds=0.04, match=match, times=None)

    async def is_time() -> bool:
        return await ingester.stored.count_documents({}) >= moment

    await kill_when(killed, is_time)
    ingester.site.control.clear_faults()
    stored = await ingester.stored.count_documents({})
    assert 0 < stored < DOCUMENTS
    await assert_healed(ingester, DOCUMENTS - stored)


@pytest.mark.parametrize("killed", INVENTORY_ROWS, indirect=True)
async def test_a_run_killed_while_it_catches_up_is_made_good_by_the_next(
    killed: Csa, ingester: Ingester
):
    await ingester.run()
    ingester.insert("Farmer", *({"name": f"New {number:02}"} for number in range(80)))
    match = {"kind": "list", "doctype": "Farmer", "contains": '["*"]'}
    ingester.site.control.fault("delay", seconds=0.1, match=match, times=None)

    async def is_time() -> bool:
        return await ingester.stored.count_documents({}) > DOCUMENTS

    await kill_when(killed, is_time)
    ingester.site.control.clear_faults()
    stored = await ingester.stored.count_documents({})
    assert DOCUMENTS < stored < DOCUMENTS + 80
    await assert_healed(ingester, DOCUMENTS + 80 - stored)


@pytest.mark.parametrize("killed", INVENTORY_ROWS, indirect=True)
async def test_a_run_killed_between_a_page_and_its_child_call_is_made_good_by_the_next(
    killed: Csa, ingester: Ingester, is_held: Callable[[], Awaitable[bool]]
):
    await kill_when(killed, is_held)
    ingester.site.control.clear_faults()
    stored = await ingester.stored.count_documents({"doctype": "Sales Invoice"})
    assert stored == 2 * PAGE_ROWS
    await assert_healed(ingester, DOCUMENTS - await ingester.stored.count_documents({}))


@pytest.fixture
def is_held(ingester: Ingester) -> Callable[[], Awaitable[bool]]:
    """Hold the child call of the third page; tell when all before it is stored and it is held."""
    match = {"kind": "list", "doctype": "Sales Invoice Item"}
    mark = {"do": "versions", "versions": {"frappe": "held"}}
    ingester.site.control.fault("delay", skip=2, seconds=3.0, match=match, changes=[mark])

    async def ask() -> bool:
        return (
            await ingester.stored.count_documents({"doctype": "Sales Invoice"}) == 2 * PAGE_ROWS
            and await read_mark(ingester) == "held"
        )

    return ask


async def read_mark(ingester: Ingester) -> Any:
    """Return the version that the site gives for frappe, which the fault sets."""
    async with ErpClient(ingester.erp) as client:
        return (await client.read_versions()).get("frappe")
