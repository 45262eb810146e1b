"""What a transform builds, what it leaves alone, and what it keeps when a build fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.warehouse.transform.rules import CUSTOMERS, LINES, item, sale
from warehouse.datasets.declaration import Check
from warehouse.datasets.registry import Registry
from warehouse.documents.business import forget_rows, rows_of
from warehouse.documents.control import Outcome
from warehouse.documents.datasets import BuildState, DatasetBuild, DatasetPointer, Slot
from warehouse.errors import LeaseHeld, LeaseLost
from warehouse.transform.run import Terms, open_transform
from warehouse.transform.swapping import keep

if TYPE_CHECKING:
    from tests.transforming import Books

RICE, SEED = item("RICE", "Grain"), item("SEED", "Input")


async def months_built(books: Books, slug: str = "lines") -> list[str | None]:
    report = (await books.transform())[slug]
    return [build.slot.month for build in report.built]


async def test_rows_are_exact_and_say_where_they_come_from(books: Books):
    await books.put(RICE, SEED, sale("INV-1", "2026-04-05", ("RICE", 90.92), ("SEED", 0.1)))
    await books.transform()
    assert await books.rows("lines") == [
        {
            "instance": "site",
            "month": "2026-04",
            "company": "Co",
            "invoice": "INV-1",
            "line": f"INV-1-{number}",
            "customer": "A",
            "item_code": code,
            "item_group": group,
            "net": net,
            "source": {"doctype": "Sales Invoice", "name": "INV-1"},
        }
        for number, code, group, net in (
            (1, "RICE", "Grain", "90.92"),
            (2, "SEED", "Input", "0.1"),
        )
    ]


async def test_sums_are_those_of_decimals_and_not_of_floats(books: Books):
    await books.put(RICE, *(sale(f"I{n}", "2026-04-05", ("RICE", 0.1)) for n in range(30)))
    await books.transform()
    [row] = await books.rows("monthly")
    assert row["net"] == "3"
    assert sum([0.1] * 30) != 3


async def test_a_dataset_of_a_dataset_is_made_of_its_live_rows(books: Books):
    await books.put(RICE, SEED, sale("INV-1", "2026-04-05", ("RICE", 10), ("SEED", 5)))
    await books.transform()
    await books.put(sale("INV-1", "2026-04-05", ("RICE", 7)))
    await books.transform()
    assert [(row["item_group"], row["net"]) for row in await books.rows("monthly")] == [
        ("Grain", "7")
    ]


async def test_only_months_whose_documents_changed_are_built_again(books: Books):
    await books.put(
        RICE, *(sale(f"INV-{month}", f"2026-0{month}-05", ("RICE", 1)) for month in (4, 5, 6))
    )
    assert await months_built(books) == ["2026-04", "2026-05", "2026-06"]
    assert await months_built(books) == []
    await books.put(sale("INV-5", "2026-05-05", ("RICE", 2)))
    assert await months_built(books) == ["2026-05"]
    await books.put(sale("INV-5", "2026-06-30", ("RICE", 2)))
    assert await months_built(books) == ["2026-05", "2026-06"]
    await books.remove("Sales Invoice", "INV-4")
    assert await months_built(books) == ["2026-04"]
    assert [row["invoice"] for row in await books.rows("lines")] == ["INV-5", "INV-6"]


async def test_only_months_that_name_a_changed_document_are_built_again(books: Books):
    await books.put(RICE, SEED, sale("INV-1", "2026-04-05", ("RICE", 1)))
    await books.put(sale("INV-2", "2026-05-05", ("SEED", 1)))
    await months_built(books)
    await books.put(item("SEED", "Input", last_purchase_rate=3.0), item("NEW", "Grain"))
    assert await months_built(books) == []
    await books.put(item("SEED", "Organic input"))
    assert await months_built(books) == ["2026-05"]
    assert [row["item_group"] for row in await books.rows("lines")] == ["Grain", "Organic input"]


async def test_a_row_that_was_rejected_comes_when_what_it_lacked_is_there(books: Books):
    await books.put(sale("INV-1", "2026-04-05", ("RICE", 1)))
    report = (await books.transform())["lines"]
    assert report.built[0].rejected == {"item_unknown": 1}
    assert await books.rows("lines") == []
    [rejected] = await books.rejected("lines")
    assert (rejected["invoice"], rejected["rejected"]) == ("INV-1", "item_unknown")
    await books.put(RICE)
    assert await months_built(books) == ["2026-04"]
    assert len(await books.rows("lines")) == 1


async def test_a_document_without_a_valid_date_is_built_and_not_lost(books: Books):
    undated = sale("INV-1", "", ("RICE", 1))
    del undated["posting_date"]
    await books.put(RICE, undated, sale("INV-2", "31-03-2026", ("RICE", 2)))
    assert await months_built(books) == [None]
    assert [row["invoice"] for row in await books.rows("lines")] == ["INV-1", "INV-2"]
    await books.put(undated | {"posting_date": "2026-04-01"})
    assert await months_built(books) == [None, "2026-04"]


async def test_a_build_that_fails_a_check_leaves_the_one_before_live(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 1)))
    await books.transform()
    await books.put(sale("INV-1", "2026-04-05", ("RICE", 2_000_000)))
    await books.put(sale("INV-2", "2026-05-05", ("RICE", 2)))
    report = (await books.transform())["lines"]
    assert [build.slot.month for build in report.failed] == ["2026-04"]
    assert [row["net"] for row in await books.rows("lines")] == ["1", "2"]
    april, may = report.pointer.live
    assert april.failure
    assert "too_dear" in april.failure.message
    assert april.failure.check == "No line is above a million (too_dear)"
    assert may.failure is None
    assert await rows_of("lines").count_documents({"net": {"$gt": 1_000_000}}) == 0
    await books.put(sale("INV-1", "2026-04-05", ("RICE", 3)))
    pointer = (await books.transform())["lines"].pointer
    assert pointer.live[0].failure is None
    assert [row["net"] for row in await books.rows("lines")] == ["3", "2"]


async def test_a_partition_that_never_passed_is_named_as_failed(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 2_000_000)))
    pointer = (await books.transform())["lines"].pointer
    assert pointer.live == []
    assert pointer.failed.keys() == {"site 2026-04"}
    await books.put(sale("INV-1", "2026-04-05", ("RICE", 1)))
    assert (await books.transform())["lines"].pointer.failed == {}


async def test_a_check_that_only_warns_is_shown_beside_the_new_build(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", -1), total=-1.0))
    report = (await books.transform())["lines"]
    assert report.pointer.live[0].warnings == ["negative"]
    assert [check.violations for check in report.built[0].checks] == [0, 1]


async def test_totals_that_differ_are_named_with_both_figures(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 1.5), total=1.5))
    await books.put(sale("INV-2", "2026-05-05", ("RICE", 1.5), total=1.75))
    april, may = (await books.transform())["lines"].built
    assert (april.tie_outs[0].groups, april.tie_outs[0].differing) == (1, 0)
    [difference] = may.tie_outs[0].differences
    assert difference.group == "Co"
    assert (Decimal(difference.ours), Decimal(difference.theirs)) == (
        Decimal("1.5"),
        Decimal("1.75"),
    )
    assert may.state is BuildState.LIVE


async def test_two_rows_of_one_key_are_an_error_that_names_the_key(books: Books):
    books.registry = Registry([replace(LINES, key=("instance", "company", "invoice"))])
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 1), ("RICE", 2)))
    [failed] = (await books.transform())["lines"].failed
    assert failed.failure
    assert "same key (instance, company, invoice)" in failed.failure.message


async def test_what_is_missing_of_the_sources_is_said(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 1)))
    await books.sync("Sales Invoice")
    await books.sync("Item", Outcome.FAILED)
    pointer = (await books.transform())["lines"].pointer
    assert [(gap.doctype, gap.reason) for gap in pointer.live[0].gaps] == [("Item", "failed")]
    assert pointer.live[0].as_of == books.now
    books.now += timedelta(days=1)
    await books.sync("Item")
    await books.sync("Sales Invoice")
    reports = await books.transform()
    assert reports["lines"].built == []
    live = reports["lines"].pointer.live[0]
    assert (live.gaps, live.as_of) == ([], books.now)
    assert reports["monthly"].pointer.live[0].gaps == []


async def test_snapshots_are_built_daily_and_earlier_ones_stay(books: Books):
    await books.put(sale("INV-1", "2026-04-05", total=100.0))
    await books.transform("balance")
    books.now += timedelta(days=1)
    await books.put(sale("INV-2", "2026-04-05", total=50.0))
    await books.transform("balance")
    assert [(row["as_of"], row["balance"]) for row in await books.rows("balance")] == [
        ("2026-06-15", "100"),
        ("2026-06-16", "150"),
    ]


def test_of_old_snapshots_the_last_of_each_month_is_kept():
    days = [date(2026, 6, 15) + timedelta(days=number) for number in range(60)]
    slots = [Slot(instance="site", as_of=day.isoformat()) for day in days]
    kept = [slot.as_of for slot in keep(slots)]
    assert kept[:2] == ["2026-06-30", "2026-07-10"]
    assert len(kept) == 36


async def test_what_goes_over_all_instances_is_built_and_swapped_together(books: Books):
    books.instances = ("other", "site")
    await books.put({"doctype": "Customer", "name": "Asha", "credit_limit": 10.5})
    await books.put({"doctype": "Customer", "name": "ASHA"}, instance="other")
    await books.transform()
    rows = await books.rows("customers")
    assert [(row["instance"], row["party"], row["limit"]) for row in rows] == [
        ("other", "other ASHA", "0"),
        ("site", "other ASHA", "10.5"),
    ]
    assert (await books.transform())["customers"].built == []
    await books.remove("Customer", "ASHA", instance="other")
    assert len((await books.transform())["customers"].built) == 2
    assert [row["party"] for row in await books.rows("customers")] == ["site Asha"]


async def test_superseded_rows_stay_for_an_hour_for_those_who_still_read_them(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 1)))
    before = (await books.transform())["lines"].pointer.live[0].build_id
    await books.put(sale("INV-1", "2026-04-05", ("RICE", 2)))
    await books.transform()
    old = await rows_of("lines").find({"build_id": before}).to_list()
    assert len(old) == 1
    hello = await rows_of("lines").database.command("hello")
    left = old[0]["expires_at"] - hello["localTime"].replace(tzinfo=UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    indexes = await rows_of("lines").index_information()
    assert indexes["expires_at_1"]["expireAfterSeconds"] == 0
    build = await DatasetBuild.get(before)
    assert build
    assert build.state is BuildState.SUPERSEDED


async def test_two_transforms_at_once_are_refused(books: Books):
    async with open_transform(books.business, ["site"], Terms(registry=books.registry)):
        with pytest.raises(LeaseHeld, match="csa transform is being worked on"):
            await books.transform()


async def test_a_transform_that_slept_through_its_lease_replaces_no_pointer(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 1)))
    await books.transform()
    await books.put(sale("INV-1", "2026-04-05", ("RICE", 2)))
    later = {"$set": {"token": 99}}
    terms = Terms(registry=books.registry)
    async with open_transform(books.business, ["site"], terms) as asleep:
        await DatasetPointer.get_pymongo_collection().update_one({"_id": "lines"}, later)
        with pytest.raises(LeaseLost):
            await asleep.run(LINES)
    assert [row["net"] for row in await books.rows("lines")] == ["1"]


async def test_what_a_killed_transform_left_is_cleaned_up(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 1)))
    async with open_transform(
        books.business, ["site"], Terms(registry=books.registry)
    ) as transform:
        working = asyncio.ensure_future(transform.run(LINES))
        while not await rows_of("lines").count_documents({}):  # noqa: ASYNC110 MongoDB has no event
            await asyncio.sleep(0.01)
        working.cancel()
    await asyncio.wait([working])
    await books.transform()
    live = (await books.pointer("lines")).live[0].build_id
    assert await rows_of("lines").distinct("build_id") == [live]
    assert len(await books.rows("lines")) == 1


async def test_what_is_to_be_forgotten_leaves_every_build(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 1)))
    await books.transform("lines")
    await books.put(sale("INV-1", "2026-04-05", ("RICE", 2)), sale("INV-2", "2026-04-05"))
    await books.transform("lines")
    assert await forget_rows(["lines"], "site", "Sales Invoice", "INV-1") == 2
    assert await rows_of("lines").count_documents({}) == 0
    assert await forget_rows(["lines"], "other", "Sales Invoice", "INV-2") == 0


async def test_of_what_is_built_together_only_the_one_that_broke_is_said_why(books: Books):
    books.instances = ("other", "site")
    dear = Check("dear", "Limits are low", {"$gt": ["$limit", 100]})
    books.registry = Registry([replace(CUSTOMERS, checks=(dear,))])
    await books.put({"doctype": "Customer", "name": "Asha", "credit_limit": 5}, instance="other")
    await books.put({"doctype": "Customer", "name": "Ravi", "credit_limit": 777})
    failed = (await books.transform())["customers"].pointer.failed
    assert "777" not in failed["other"].message
    assert failed["other"].code == "dataset_built_together"
    assert failed["other"].check == ""
    assert "1 of 1 rows" in failed["site"].message
