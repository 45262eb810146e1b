"""`csa forget`: erases one document, and says so when there is none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.commanding import Csa
    from tests.ingesting import Ingester


async def test_a_document_is_erased_once_and_then_is_not_there(csa: Csa, ingester: Ingester):
    await ingester.run("Farmer")
    ingester.delete("Farmer", "FMR-00001")
    await ingester.run("Farmer")
    arguments = ("forget", "site", "Farmer", "FMR-00001", "--json")
    erased = await asyncio.to_thread(csa.run, *arguments)
    assert (erased.code, erased.json) == (0, {"live": 0, "tombstones": 1, "rejected": 0, "rows": 0})
    assert await ingester.buried() == {}
    again = await asyncio.to_thread(csa.run, *arguments)
    assert (again.code, again.json) == (1, {"live": 0, "tombstones": 0, "rejected": 0, "rows": 0})


async def test_another_document_stays_and_one_that_the_erp_has_is_said_to_come_back(
    csa: Csa, ingester: Ingester
):
    await ingester.run("Farmer")
    finished = await asyncio.to_thread(csa.run, "forget", "site", "Farmer", "FMR-00001")
    assert finished.code == 0
    assert "Erased 1 live" in finished.stdout
    assert "the next run stores it again" in finished.stdout
    assert await ingester.find("Farmer", "FMR-00002")


async def test_an_unknown_instance_is_named_with_the_known(csa: Csa):
    finished = await asyncio.to_thread(csa.run, "forget", "sote", "Farmer", "FMR-00001")
    assert finished.code == 1
    assert "site" in finished.stderr
