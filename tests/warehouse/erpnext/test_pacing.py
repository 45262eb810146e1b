"""A run leaves the ERP's people a quarter of the site's rate limit."""

from __future__ import annotations

import httpx
import pytest

from tests.scripted_site import ScriptedSite, message
from warehouse.erpnext.pacing import RESERVED_SHARE, RateLimit
from warehouse.erpnext.query import ListQuery
from warehouse.errors import ErpThrottled

QUERY = ListQuery("Farmer")


def headers(remaining: object, limit: object = 600_000, reset: object = 394) -> dict[str, str]:
    values = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"X-RateLimit-{name.title()}": f"{value}" for name, value in values.items()}


def told(remaining: object, limit: object = 600_000, reset: object = 394) -> RateLimit:
    rate_limit = RateLimit()
    rate_limit.learn(httpx.Headers(headers(remaining, limit, reset), encoding="latin-1"))
    return rate_limit


def answer(remaining: int) -> httpx.Response:
    return httpx.Response(200, json={"message": []}, headers=headers(remaining))


@pytest.mark.parametrize("remaining", [150_000, 150_001, 600_000])
def test_the_people_have_enough_left(remaining: int):
    told(remaining).assert_left("mitra", "list of Farmer")


@pytest.mark.parametrize("remaining", [0, 1, 149_999])
def test_what_is_reserved_is_not_touched(remaining: int):
    with pytest.raises(ErpThrottled) as raised:
        told(remaining).assert_left("mitra", "list of Farmer")
    assert raised.value.retry_after_s == 394
    assert f"{RESERVED_SHARE:.0%}" in raised.value.message
    assert raised.value.cure


def test_a_site_without_a_limit_is_asked_freely():
    RateLimit().assert_left("mitra", "list of Farmer")


@pytest.mark.parametrize("wrong", ["", "-1", "many", "1.5", "²"])
def test_figures_that_are_none_are_not_believed(wrong: str):
    told(wrong).assert_left("mitra", "list of Farmer")
    told(0, limit=wrong).assert_left("mitra", "list of Farmer")


async def test_a_client_stops_before_it_sends_the_request_too_many():
    site = ScriptedSite(answer(400_000), answer(100_000), message([]))
    async with site.client() as client:
        await client.list_rows(QUERY)
        await client.list_rows(QUERY)
        with pytest.raises(ErpThrottled):
            await client.list_rows(QUERY)
    assert len(site.requests) == 2
    assert not site.waits


async def test_what_one_part_of_a_client_learns_holds_for_all():
    site = ScriptedSite(answer(100_000))
    async with site.client() as client:
        await client.part().list_rows(QUERY)
        with pytest.raises(ErpThrottled):
            await client.part().list_rows(QUERY)


async def test_the_next_client_asks_again_since_the_window_may_be_over():
    site = ScriptedSite(answer(100_000), answer(500_000))
    for _ in range(2):
        async with site.client() as client:
            await client.list_rows(QUERY)
    assert len(site.requests) == 2
