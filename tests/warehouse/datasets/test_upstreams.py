"""What is rebuilt when a crosswalk, a setting or a curated table changes, and what is not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.warehouse.datasets.golden import fill, load
from warehouse.cleaning.curated import Curated, read_curated
from warehouse.documents.datasets import DatasetBuild
from warehouse.transform.run import Terms, open_transform

if TYPE_CHECKING:
    from tests.transforming import Books

LINES = ("items", "parties", "sales_lines")
BOOKS = load("books")["one"]


def of(doctype: str, name: str) -> dict[str, Any]:
    return next(
        fill("one", one) for one in BOOKS if (one["doctype"], one["name"]) == (doctype, name)
    )


async def put_sales(books: Books) -> None:
    for doctype in ("Company", "Item", "Customer", "Sales Invoice"):
        await books.put(
            *(fill("one", one) for one in BOOKS if one["doctype"] == doctype), instance="one"
        )


async def months_built(books: Books) -> list[str | None]:
    report = (await books.transform(*LINES))["sales_lines"]
    return sorted(build.slot.month or "" for build in report.built)


async def test_a_new_record_of_a_crosswalk_rebuilds_nothing_that_does_not_name_it(books: Books):
    await put_sales(books)
    assert await months_built(books) == ["2025-04", "2025-06", "2025-07"]
    newcomer = of("Customer", "Ganesha") | {"name": "New", "customer_name": "Newcomer"}
    await books.put(newcomer, instance="one")
    assert await months_built(books) == []


async def test_a_change_in_a_crosswalk_rebuilds_the_months_that_name_it(books: Books):
    await put_sales(books)
    await books.transform(*LINES)
    heavier = of("Item", "SEED") | {"weight_per_unit": 5, "weight_uom": "Kg"}
    await books.put(heavier, instance="one")
    assert await months_built(books) == ["2025-06"]
    [row] = [one for one in await books.rows("sales_lines") if one["item_code"] == "SEED"]
    assert (row["qty_kg"], row["unit"]) == ("50", "kg")


async def test_a_crosswalk_holds_each_record_once_however_often_it_is_built(books: Books):
    await put_sales(books)
    for _ in range(2):
        await books.transform(*LINES, full=True)
    copies = DatasetBuild.get_pymongo_collection().database["dataset_items"]
    names = [row["looked_up_by"] async for row in copies.find({"instance": "one"})]
    assert sorted(names) == ["HAUL", "JUTE", "NUTS", "SEED", "TOOR"]
    await books.remove("Item", "JUTE", instance="one")
    await books.transform(*LINES)
    assert await copies.count_documents({"instance": "one"}) == 4


async def test_a_setting_that_changes_rebuilds_what_it_is_written_into(books: Books):
    await put_sales(books)
    await books.transform(*LINES)
    year = of("Fiscal Year", "2025-2026") | {
        "year_start_date": "2025-01-01",
        "year_end_date": "2025-12-31",
    }
    await books.put(year, instance="one")
    await books.transform(*LINES)
    assert {row["fiscal_year"] for row in await books.rows("sales_lines")} == {"2025"}


async def test_a_curated_row_joins_what_no_evidence_does(books: Books):
    for instance in ("one", "two"):
        row = fill(instance, of("Customer", "Ganesha"))
        await books.put(row, instance=instance)
    await books.transform("parties")
    assert len({row["party_id"] for row in await books.rows("parties")}) == 2
    tables = {
        **read_curated().tables,
        "parties": {
            (instance, "Customer", "Ganesha"): {
                "instance": instance,
                "doctype": "Customer",
                "name": "Ganesha",
                "party": "The one Ganesha",
            }
            for instance in ("one", "two")
        },
    }
    terms = replace(Terms(), clock=lambda: books.now, curated=Curated(tables, "mine"))
    async with open_transform(books.business, books.instances, terms) as transform:
        await transform.run(terms.registry.get("parties"))
    rows = await books.rows("parties")
    assert len({row["party_id"] for row in rows}) == 1
    assert {row["method"] for row in rows} == {"curated"}


async def test_no_identifier_of_a_person_is_in_the_business_database(books: Books):
    identifiers = ("36AAACA1234B1Z5", "AAACA1234B", "9848012345", "98480 12345", "9848099999")
    for doctype in ("Customer", "Supplier", "Farmer"):
        await books.put(
            *(fill("one", one) for one in BOOKS if one["doctype"] == doctype), instance="one"
        )
    await books.transform("parties")
    held = [
        str(row)
        for name in await books.business.list_collection_names()
        async for row in books.business[name].find()
    ]
    assert len(held) >= 8
    assert [text for text in held if any(one in text for one in identifiers)] == []
