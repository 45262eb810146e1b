"""`csa rejected`: what is kept aside, and trying it again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.commanding import Csa
    from tests.ingesting import Ingester

LONG = "A name that is as long as a name in ERPNext may be: " + "రైతు మిత్ర సంఘం " * 5 + "end"
STEERING = "Red \x1b[31malert\x07 [bold]x[/]"


@pytest.fixture
async def spoilt(ingester: Ingester) -> list[str]:
    """Names of documents that were rejected."""
    ingester.insert("Customer", {"name": LONG}, {"name": STEERING}, {"name": "Fine"})
    for name in (LONG, STEERING):
        ingester.edit("Customer", name, customer_details=2**70)
    await ingester.run("Customer")
    return [LONG, STEERING]


async def test_nothing_kept_aside_is_said_to_be(csa: Csa):
    for command in ("list", "retry"):
        finished = await asyncio.to_thread(csa.run, "rejected", command)
        assert (finished.code, finished.stdout) == (0, "No document is kept aside.\n")


@pytest.mark.usefixtures("spoilt")
async def test_each_has_a_line_with_its_whole_name_and_reason(csa: Csa):
    finished = await asyncio.to_thread(csa.run, "rejected", "list")
    assert finished.code == 0
    (long,) = (line for line in finished.stdout.splitlines() if "as long as" in line)
    assert LONG in long
    assert "MongoDB can't hold it" in long
    (steering,) = (line for line in finished.stdout.splitlines() if "alert" in line)
    assert "[bold]x[/]" in steering
    assert "\x1b" not in finished.stdout
    assert "\x07" not in finished.stdout
    assert "Fine" not in finished.stdout


async def test_json_tells_all_but_the_raw_document(csa: Csa, spoilt: list[str]):
    finished = await asyncio.to_thread(csa.run, "rejected", "list", "site", "--json")
    rows = finished.json["rejected"]
    assert {row["name"] for row in rows} == set(spoilt)
    assert {row["code"] for row in rows} == {"OverflowError"}
    assert all(row["raw_bytes"] > 100 and "raw" not in row for row in rows)


async def test_retry_stores_what_was_mended_and_nothing_else(
    csa: Csa, ingester: Ingester, spoilt: list[str]
):
    ingester.insert("Item", {"name": "New item"})
    first, second = spoilt
    ingester.edit("Customer", first, modified=None, customer_details="mended")
    finished = await asyncio.to_thread(csa.run, "rejected", "retry", "--json")
    assert finished.code == 0
    totals = finished.json["instances"]["site"]["totals"]
    assert (totals["new"], totals["rejected"]) == (1, 1)
    assert not await ingester.stored.count_documents({"doctype": "Item"})
    left = await asyncio.to_thread(csa.run, "rejected", "list", "--json")
    assert [row["name"] for row in left.json["rejected"]] == [second]
    ingester.site.control.do("delete", doctype="Customer", name=second)
    assert (await asyncio.to_thread(csa.run, "rejected", "retry")).code == 0
    left = await asyncio.to_thread(csa.run, "rejected", "list", "--json")
    assert left.json == {"rejected": []}
    await ingester.assert_equal("Customer")


async def test_retry_says_when_the_site_is_down(csa: Csa, ingester: Ingester, spoilt: list[str]):
    assert spoilt
    ingester.site.control.fault("unauthorized", times=None)
    finished = await asyncio.to_thread(csa.run, "rejected", "retry")
    assert finished.code == 1
    assert "refused the API key" in finished.stdout
