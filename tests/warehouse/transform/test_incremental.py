"""Whatever happens to documents, building what changed comes to the same as building everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.warehouse.transform.rules import item, sale
from warehouse.documents.datasets import DatasetBuild, DatasetPointer
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from tests.transforming import Books

SLUGS = ("lines", "monthly", "balance", "customers")
DAYS = ("2026-04-30", "2026-05-01", "2026-05-31", "2026-06-01", "")
# An example takes a second; to shrink one takes many more than it is worth.
UNHURRIED: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
    "phases": [Phase.explicit, Phase.generate],
}
ITEMS = ("RICE", "SEED", "UREA")

invoices = st.builds(
    lambda name, day, lines, status: sale(
        name, day, *lines, docstatus=status, total=float(sum(net for _, net in lines))
    ),
    st.sampled_from(["INV-1", "INV-2", "INV-3", "INV-4"]),
    st.sampled_from(DAYS),
    st.lists(st.tuples(st.sampled_from(ITEMS), st.sampled_from([0.1, 0.2, 33.33])), max_size=3),
    st.sampled_from([0, 1, 1, 2]),
)
items = st.builds(item, st.sampled_from(ITEMS), st.sampled_from(["Grain", "Input"]))
customers = st.builds(
    lambda name, limit: {"doctype": "Customer", "name": name, "credit_limit": limit},
    st.sampled_from(["Asha", "ASHA", "Ravi"]),
    st.sampled_from([None, 0.1, 5]),
)
writes = st.tuples(st.just("put"), invoices | items | customers)
removals = st.tuples(st.just("remove"), st.sampled_from(["INV-1", "INV-2", "RICE", "SEED", "Asha"]))
steps = st.lists(st.lists(writes | removals, min_size=1, max_size=4), min_size=1, max_size=4)


async def empty(books: Books) -> None:
    for model in (raw_model("site"), DatasetPointer, DatasetBuild):
        await model.get_pymongo_collection().delete_many({})


async def work(books: Books, kind: str, what: Any) -> None:
    if kind == "put":
        await books.put(what)
    else:
        await raw_model("site").get_pymongo_collection().delete_one({"name": what})


@given(steps=steps)
@settings(max_examples=8, **UNHURRIED)
async def test_incremental_equals_full(books: Books, steps: list[list[tuple[str, Any]]]):
    await empty(books)
    for step in steps:
        for kind, what in step:
            await work(books, kind, what)
        await books.transform()
    by_and_by = {slug: await books.rows(slug) for slug in SLUGS}
    rejected = await books.rejected("lines")
    reports = await books.transform(full=True)
    assert {slug: await books.rows(slug) for slug in SLUGS} == by_and_by
    assert await books.rejected("lines") == rejected
    assert all(not report.failed for report in reports.values())
    assert all(report.current == 0 for report in reports.values())


@given(documents=st.lists(invoices | items, min_size=1, max_size=8, unique_by=lambda d: d["name"]))
@settings(max_examples=4, **UNHURRIED)
async def test_the_order_in_which_documents_were_stored_changes_nothing(
    books: Books, documents: list[dict[str, Any]]
):
    found = []
    for order in (documents, documents[::-1]):
        await empty(books)
        await books.put(*order)
        await books.transform()
        found.append([await books.rows(slug) for slug in SLUGS])
    assert found[0] == found[1]
