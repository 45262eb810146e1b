"""What somebody is told of each aggregate who may see one Company of an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.reference import dataset_rows, needs_reference
from tests.transforming import plain
from tests.warehouse.dashboards.conftest import Employee
from tests.warehouse.datasets.two_companies import (
    COMPANY_LINKS,
    NOT_KEPT_APART,
    OTHER,
    OWN,
    make_company_world,
    put_other,
    put_own,
    registered_doctypes,
    remove,
)
from warehouse.datasets.registry import load_registry
from warehouse.documents.business import rows_of
from warehouse.errors import DatasetNeedsFullAccess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.transforming import Books

AGGREGATES = sorted(slug for slug, one in load_registry().datasets.items() if not one.rows_of)
# Those that are refused as ERPNext is delivered, and the DocType that is named.
REFUSED = {
    "data_quality": "Customer",
    "payables_ageing": "Purchase Invoice",
    "price_spread": "Customer",
    "procurement_season": "Purchase Invoice",
    "receivables_ageing": "Customer",
    "sales_monthly": "Customer",
}


@pytest.mark.parametrize("slug", AGGREGATES)
async def test_an_aggregate_is_refused_where_no_column_keeps_a_link_apart(books: Books, slug: str):
    employee = Employee(books, {"one": make_company_world()})
    if slug not in REFUSED:
        assert OTHER not in str((await employee.open(slug)).condition)
        return
    with pytest.raises(DatasetNeedsFullAccess, match=f"documents of {REFUSED[slug]}"):
        await employee.open(slug)


@pytest.mark.parametrize("link", NOT_KEPT_APART)
async def test_each_of_these_links_refuses_what_is_made_of_it(books: Books, link: str):
    others = [one for one in NOT_KEPT_APART if one != link]
    employee = Employee(books, {"one": make_company_world(*others)})
    doctype = link.partition(".")[0]
    refused = set()
    for slug in AGGREGATES:
        try:
            await employee.open(slug)
        except DatasetNeedsFullAccess:
            refused.add(slug)
    made_of_it = {
        slug
        for slug in AGGREGATES
        if doctype in load_registry().doctypes_under(load_registry().get(slug))
    }
    assert refused == made_of_it


@needs_reference
def test_these_are_the_links_that_a_real_erpnext_applies_user_permissions_to():
    metas = {meta["name"]: meta for meta in dataset_rows("site2", "_metas")}
    known = registered_doctypes() & metas.keys()
    assert len(known) > 10
    for doctype in known:
        assert set(find_company_links(metas, doctype)) == {*COMPANY_LINKS.get(doctype, ())}


def find_company_links(metas: dict[str, Any], doctype: str, table: str = "") -> Iterator[str]:
    """Yield the links to Company of a DocType and its tables that no permission ignores."""
    for field in metas[doctype]["fields"]:
        if field["fieldtype"] == "Table" and field["options"] in metas:
            yield from find_company_links(metas, field["options"], f"{field['fieldname']}.")
        elif (field["fieldtype"], field.get("options")) == ("Link", "Company"):
            yield from () if field.get("ignore_user_permissions") else (table + field["fieldname"],)


async def see(employee: Employee, slug: str) -> list[dict[str, Any]]:
    """Return the rows that an employee sees, by their keys; nothing of them is hidden."""
    opened = await employee.open(slug)
    assert not opened.hidden
    found = rows_of(slug).find(opened.condition).sort("row")
    return [plain(row) async for row in found]


async def assert_shows_own(books: Books, slugs: list[str]) -> None:
    """Transform, and compare with what comes of books without the other company's documents."""
    employee = Employee(books, {"one": make_company_world(*NOT_KEPT_APART)})
    await books.transform()
    seen = {}
    for slug in slugs:
        rows, seen[slug] = await books.rows(slug), await see(employee, slug)
        assert seen[slug] == [row for row in rows if row["company"] == OWN]
        assert {row["company"] for row in rows} == {OWN, OTHER}
    await remove({"document_data.company": OTHER})
    await books.transform(full=True)
    for slug in slugs:
        assert await see(employee, slug) == await books.rows(slug) == seen[slug]


@pytest.fixture
async def two_companies(books: Books) -> Books:
    """Books of one instance, of two companies."""
    books.instances = ("one",)
    await put_own(books)
    await put_other(books)
    return books


async def test_a_granted_aggregate_shows_the_rows_of_the_company_and_nothing_of_another(
    two_companies: Books,
):
    granted = [slug for slug in AGGREGATES if slug != "data_quality"]
    await assert_shows_own(two_companies, granted)


async def test_so_it_does_where_there_is_no_payment_ledger(two_companies: Books):
    await remove({"doctype": "Payment Ledger Entry"})
    await assert_shows_own(two_companies, ["payables_ageing", "receivables_ageing"])
