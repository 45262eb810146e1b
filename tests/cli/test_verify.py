"""`csa verify`: says whether store and ERP agree, and where they don't."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from cli.verify import exit_code
from warehouse.errors import ErpUnavailable, LeaseHeld
from warehouse.ingestion.verify import Difference, Verification

if TYPE_CHECKING:
    from demo.site.process import SiteProcess
    from tests.commanding import Csa
    from tests.ingesting import Ingester

EQUAL = Verification(instance="site")
DIFFERENT = Verification(
    instance="site", differences=[Difference(doctype="Farmer", in_erp=1, stored=0)]
)
DOWN = ErpUnavailable("down", instance="site", cure="")
HELD = LeaseHeld("held", instance="site", cure="")


@pytest.fixture
def few(csa: Csa) -> Csa:
    """The command with a few DocTypes only, to be quick."""
    return csa.with_variables(ERP__SITE__INCLUDE="Customer,Farmer")


async def test_equal_exits_with_0_and_different_with_4_and_the_names(few: Csa, ingester: Ingester):
    await ingester.run("Customer", "Farmer")
    equal = await asyncio.to_thread(few.run, "verify")
    assert equal.code == 0
    assert "site equal: 2 DocTypes" in equal.stdout
    ingester.delete("Farmer", "FMR-00002")
    ingester.edit("Farmer", "FMR-00001", village="moved")
    before = await ingester.read_store("Farmer")
    different = await asyncio.to_thread(few.run, "verify", "--sample", "0")
    assert different.code == 4
    assert "extra: FMR-00002; outdated: FMR-00001" in different.stdout
    told = (await asyncio.to_thread(few.run, "verify", "site", "--json")).json["instances"]["site"]
    (difference,) = told["differences"]
    assert (told["outcome"], difference["doctype"]) == ("different", "Farmer")
    assert await ingester.read_store("Farmer") == before


@pytest.mark.usefixtures("database")
async def test_what_can_not_be_compared_is_an_error_with_its_cure(few: Csa, site: SiteProcess):
    site.control.fault("unauthorized", times=None)
    finished = await asyncio.to_thread(few.run, "verify", "--json")
    assert finished.code == 1
    told = finished.json["instances"]["site"]
    assert (told["outcome"], told["failure"]["code"]) == ("failed", "erp_unauthorized")
    assert told["failure"]["cure"] in finished.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([EQUAL, EQUAL], 0),
        ([EQUAL, DIFFERENT], 4),
        ([DOWN, DIFFERENT], 4),
        ([EQUAL, DOWN], 1),
        ([EQUAL, HELD], 5),
    ],
)
def test_of_several_instances_a_difference_counts_most(results: list, code: int):
    assert exit_code(results) == code
