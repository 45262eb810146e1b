import asyncio
import time

from demo.site.answers import Effort
from demo.site.pace import erpnext_seconds
from demo.site.site import SampleSite
from tests.demo.conftest import TOKEN, client_of, make_dataset


def test_the_times_are_those_of_a_real_site():
    assert erpnext_seconds(Effort(documents=1)) == 0.057
    assert erpnext_seconds(Effort(star_rows=1000)) == 0.015 + 0.45
    assert erpnext_seconds(Effort(child_rows=1000)) == 0.015 + 0.2
    assert round(erpnext_seconds(Effort(narrow_rows=1000)), 6) == 0.06
    assert erpnext_seconds(Effort()) == 0.015


async def test_an_answer_is_held_as_long_as_a_real_one_took_and_two_go_at_once():
    site = SampleSite(make_dataset(), pace="erpnext")
    async with client_of(site, Authorization=TOKEN) as client:
        started = time.monotonic()
        path = "/api/resource/Customer/Raju Das"
        answers = await asyncio.gather(*(client.get(path) for _ in range(4)))
        took = time.monotonic() - started
    assert [answer.status_code for answer in answers] == [200] * 4
    assert took >= 2 * 0.057
    assert took < 4 * 0.057


async def test_without_a_pace_nothing_is_held():
    async with client_of(SampleSite(make_dataset()), Authorization=TOKEN) as client:
        await client.get("/api/resource/Customer")
        started = time.monotonic()
        await client.get("/api/resource/Customer/Raju Das")
        assert time.monotonic() - started < 0.057
