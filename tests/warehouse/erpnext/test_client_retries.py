"""Which failures are tried again, how often, and after what wait."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.scripted_site import Reply, ScriptedSite, message, page, refusal
from warehouse.erpnext.query import ListQuery
from warehouse.erpnext.retrying import ATTEMPTS, MAX_WAIT_S, RetryBudget, is_passing
from warehouse.errors import (
    ErpContractBroken,
    ErpError,
    ErpInMaintenance,
    ErpRejected,
    ErpThrottled,
    ErpTimedOut,
    ErpUnauthorized,
    ErpUnavailable,
)

if TYPE_CHECKING:
    from warehouse.erpnext.client import ErpClient

FARMERS = ListQuery("Farmer")


async def ask(client: ErpClient) -> list[dict[str, object]]:
    async with client:
        return await client.list_rows(FARMERS)


PASSING: list[Reply] = [
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ReadError,
    httpx.ConnectTimeout,
    httpx.WriteError,
    httpx.WriteTimeout,
    httpx.CloseError,
    httpx.RemoteProtocolError,
    httpx.ProxyError,
    page(500),
    page(502),
    page(504),
    httpx.Response(503),
    refusal(500, "OperationalError"),
    refusal(500, "QueryDeadlockError"),
]
LASTING: list[tuple[Reply, type[ErpError]]] = [
    (refusal(401, "AuthenticationError"), ErpUnauthorized),
    (page(401), ErpUnauthorized),
    (refusal(403, "PermissionError"), ErpRejected),
    (refusal(404, "DoesNotExistError"), ErpRejected),
    (refusal(417, "DataError"), ErpRejected),
    (refusal(500, "ProgrammingError"), ErpRejected),
    (refusal(429, "TooManyRequestsError"), ErpThrottled),
    (page(429, "text/plain", "Too Many Requests"), ErpThrottled),
    (refusal(503, "SessionStopped"), ErpInMaintenance),
    (page(200), ErpContractBroken),
    (page(403), ErpContractBroken),
]


@pytest.mark.parametrize("reply", PASSING)
async def test_a_passing_failure_is_tried_again_until_it_passes(reply: Reply):
    site = ScriptedSite(reply, reply, message([]))
    client = site.client()
    assert await ask(client) == []
    assert len(site.requests) == client.usage.requests == 3
    assert client.usage.retries == client.budget.spent == 2


@pytest.mark.parametrize("reply", PASSING)
async def test_a_failure_that_does_not_pass_is_given_up(reply: Reply):
    site = ScriptedSite(reply)
    client = site.client()
    with pytest.raises(ErpUnavailable) as caught:
        await ask(client)
    assert type(caught.value) is ErpUnavailable
    assert len(site.requests) == client.usage.requests == ATTEMPTS
    assert client.usage.retries == client.budget.spent == ATTEMPTS - 1


@pytest.mark.parametrize(("reply", "kind"), LASTING)
async def test_a_lasting_failure_is_not_tried_again(reply: Reply, kind: type[ErpError]):
    site = ScriptedSite(reply)
    client = site.client()
    with pytest.raises(kind):
        await ask(client)
    assert len(site.requests) == 1
    assert site.waits == []
    assert client.usage.retries == client.budget.spent == 0


async def test_waits_grow_are_jittered_and_bounded():
    first: set[float] = set()
    for _ in range(10):
        site = ScriptedSite(httpx.ConnectTimeout)
        with pytest.raises(ErpUnavailable):
            await ask(site.client())
        assert len(site.waits) == ATTEMPTS - 1
        ceilings = [min(MAX_WAIT_S, 0.5 * 2**attempt) for attempt in range(ATTEMPTS - 1)]
        assert all(0 <= wait <= most for wait, most in zip(site.waits, ceilings, strict=True))
        first.add(site.waits[0])
    assert len(first) > 1


async def test_the_retry_budget_is_one_for_the_client_and_its_parts():
    site = ScriptedSite(httpx.ConnectTimeout)
    async with site.client(budget=RetryBudget(left=6)) as client:
        for _ in range(4):
            with pytest.raises(ErpUnavailable):
                await client.part().list_rows(FARMERS)
    # 5 attempts, then 3 with the 2 retries that are left, then one each.
    assert len(site.requests) == 5 + 3 + 1 + 1
    assert (client.budget.left, client.budget.spent) == (0, 6)
    assert client.usage.retries == 6


async def test_without_a_budget_the_first_failure_is_the_last():
    site = ScriptedSite(httpx.ConnectTimeout, message([]))
    with pytest.raises(ErpUnavailable):
        await ask(site.client(budget=RetryBudget(left=0)))
    assert (len(site.requests), site.waits) == (1, [])


async def test_a_retry_is_signed_and_sent_as_the_first_time():
    site = ScriptedSite(page(502), message([]))
    await ask(site.client())
    first, second = site.requests
    assert first.content == second.content
    assert first.headers == second.headers


async def test_no_slot_is_held_while_waiting_for_a_retry():
    site = ScriptedSite(page(502), message([]))
    client = site.client(max_concurrency=1)
    free: list[bool] = []

    async def sleep(_seconds: float) -> None:
        free.append(not client._slots.locked())

    client._sleep = sleep
    await ask(client)
    assert free == [True]


async def test_a_retry_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, logger="warehouse")
    await ask(ScriptedSite(httpx.ConnectTimeout, message([])).client())
    (record,) = [record for record in caplog.records if record.name.startswith("warehouse")]
    assert record.message.startswith("Attempt 1 failed: mitra did not answer the list of Farmer")
    assert "ConnectTimeout" in record.message


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (ErpUnavailable("m", instance="a"), True),
        (ErpInMaintenance("m", instance="a"), False),
        (ErpThrottled("m", instance="a", retry_after_s=1.0), False),
        (ErpRejected("m", instance="a", status=500, exc_type=""), False),
        (TimeoutError(), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_only_an_erp_that_is_unavailable_may_pass(error: BaseException, *, passes: bool):
    assert is_passing(error) is passes


async def test_an_unknown_column_is_not_tried_again():
    text = "pymysql.err.OperationalError: (1054, \"Unknown column 'seen' in 'SELECT'\")"
    site = ScriptedSite(refusal(500, "OperationalError", exception=text))
    with pytest.raises(ErpRejected):
        await ask(site.client())
    assert len(site.requests) == 1


async def test_an_answer_that_takes_too_long_is_not_asked_for_again_as_it_is():
    site = ScriptedSite(httpx.ReadTimeout)
    with pytest.raises(ErpTimedOut):
        await ask(site.client())
    assert len(site.requests) == 1
