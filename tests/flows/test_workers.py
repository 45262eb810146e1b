"""Two workers on one pool: the death of one in the middle of a daily run, and hasty retries."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from demo.site.process import SiteProcess
from demo.sites import settings_variables
from tests.commanding import Csa
from tests.flows.records import read_builds
from tests.flows.workers import HEARTBEAT_S, kill_machine, work_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.flows.workers import WorkPool

SITES = {"one": 1, "two": 2, "three": 3}
SILENCE_S = HEARTBEAT_S + 5
LIMIT_S = 400.0
# How csa says that another holder has the lease.
HELD = 5


@pytest.fixture(scope="module")
def three_sites() -> Iterator[dict[str, SiteProcess]]:
    with ExitStack() as running:
        yield {
            instance: running.enter_context(SiteProcess(documents=200, seed=seed))
            for instance, seed in SITES.items()
        }


@pytest.fixture(scope="module")
def csa(
    tmp_path_factory: pytest.TempPathFactory,
    mongodb_uri: str,
    three_sites: dict[str, SiteProcess],
) -> Csa:
    variables = settings_variables(three_sites)
    home = tmp_path_factory.mktemp("workers")
    return Csa(home, mongodb_uri, "test-workers", variables)


@pytest.fixture(scope="module")
def pool(csa: Csa) -> Iterator[WorkPool]:
    where = {
        "MONGODB_URI": csa.uri,
        "MONGODB_DATABASE_NAME": csa.database,
        "BUSINESS_DATABASE_NAME": "test-workers-business",
    }
    with work_pool(csa.home, {**csa.variables, **where}) as made:
        yield made


@pytest.mark.soak
def test_a_worker_killed_in_the_middle_of_daily_leaves_nothing_stuck_missing_or_double(
    pool: WorkPool, csa: Csa, three_sites: dict[str, SiteProcess]
):
    operator = pool.operator
    for site in three_sites.values():
        # So slow that the death comes in the middle: after some of its DocTypes.
        site.control.fault("delay", seconds=20.0, match={"doctype": "Sales Invoice"}, times=None)
    # Room for daily and one of its children on the first, for the others on the second.
    pool.add_worker(places=2)
    killed = operator.schedule("daily/daily", in_s=0)
    _wait_for_running(lambda: [operator.flow_run(killed)], 1)
    pool.add_worker(places=2)
    _wait_for_running(lambda: list(operator.children(killed).values()), len(SITES))

    # As prefect.yaml does, but in a test's time.
    operator.repeat("watch/watch", every_s=30, silence_s=SILENCE_S)
    kill_machine(pool.worker_of(killed))
    for site in three_sites.values():
        site.control.clear_faults()
    assert operator.flow_run(killed)["state"]["type"] == "RUNNING", "nobody was left to say it"
    pool.add_worker(places=4)

    assert operator.wait(killed)["type"] == "CRASHED", "watch has seen to it"

    following = operator.schedule("daily/daily", in_s=1)
    state = operator.wait(following)
    assert state["type"] == "COMPLETED", state
    verified = csa.run("verify", "--json")
    assert verified.code == 0, verified.stdout


@pytest.mark.soak
def test_a_run_that_is_retried_while_it_is_at_work_ends_no_worker_and_does_no_harm(
    pool: WorkPool, csa: Csa, three_sites: dict[str, SiteProcess]
):
    operator, control = pool.operator, three_sites["one"].control
    for _ in range(2):
        pool.add_worker()
    workers = pool.workers[-2:]
    of_customer = {"doctype": "Customer"}
    control.fault("status", status=500, exc_type="KeyError", match=of_customer, times=None)
    failed, state = operator.run("ingest/ingest", instance="one")
    assert state["type"] == "FAILED", state
    control.clear_faults()
    control.fault("delay", seconds=20.0, match=of_customer, times=1)
    operator.press_retry(failed)
    _wait_for_running(lambda: [operator.flow_run(failed)], 1)
    for _ in range(2):
        operator.press_retry(failed)
    _wait_for_running(lambda: [operator.flow_run(failed)], 1)
    state = operator.wait(failed)
    assert state["type"] == "COMPLETED", state
    assert [worker.poll() for worker in workers] == [None, None]
    give_up_at = time.monotonic() + LIMIT_S
    while (verified := csa.run("verify", "--json")).code == HELD:
        assert time.monotonic() < give_up_at, "the process of a later retry never ended"
    assert verified.code == 0, verified.stdout
    assert set(read_builds(csa.uri, csa.database).values()) == {1}, "one daily, one retry, no more"


def _wait_for_running(read: Callable[[], list[dict[str, Any]]], expected: int) -> None:
    give_up_at = time.monotonic() + LIMIT_S
    runs = read()
    while sum(run["state"]["type"] == "RUNNING" for run in runs) < expected:
        assert time.monotonic() < give_up_at, runs
        time.sleep(0.5)
        runs = read()
