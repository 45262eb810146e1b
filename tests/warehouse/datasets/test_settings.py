"""A setting that can't be used costs no dataset its build, and is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.warehouse.datasets.golden import put_books

if TYPE_CHECKING:
    from tests.transforming import Books

UNFINISHED = {
    "doctype": "Currency Exchange",
    "name": "USD-INR",
    "from_currency": "USD",
    "to_currency": "INR",
}


async def test_a_rate_without_a_date_is_named_and_the_lines_are_built(books: Books):
    slugs = ("items", "parties", "sales_lines")
    await put_books(books)
    await books.transform(*slugs)
    before = await books.rows("sales_lines")
    await books.put(UNFINISHED, instance="one")
    report = (await books.transform(*slugs, full=True))["sales_lines"]
    assert not report.failed
    assert await books.rows("sales_lines") == before
    warned = {one.slot.instance for one in report.pointer.live if "settings_read" in one.warnings}
    assert warned == {"one"}
    checks = [check for one in report.built for check in one.checks]
    [found] = {check.title for check in checks if check.code == "settings_read"}
    assert found == "Each Currency Exchange is filled in and can be used"
