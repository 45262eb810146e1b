"""Of the real datasets, too: building what changed comes to the same as building everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.warehouse.datasets.golden import fill, load
from tests.warehouse.datasets.test_properties import empty, sell, send_back
from warehouse.datasets.registry import load_registry

if TYPE_CHECKING:
    from tests.transforming import Books

Document = dict[str, Any]
SOLD = sell(1, [("TOOR", 5, 10_000), ("SEED", 2, 999)]) | {"posting_date": "2025-05-20"}
BACK = send_back(SOLD) | {"posting_date": "2025-06-03"}
for line in (*SOLD["items"], *BACK["items"]):
    line["qty"] = line["stock_qty"]
DOCUMENTS = [*(fill("one", one) for one in load("books")["one"]), SOLD, BACK]
SLUGS = tuple(load_registry().datasets)


def dated(*months: str) -> set[int]:
    """Return which documents are of these months."""
    return {
        number
        for number, one in enumerate(DOCUMENTS)
        if str(one.get("posting_date")).startswith(months)
    }


# Which documents come after the first transform: those that later months go back to; any.
@given(late=st.sets(st.sampled_from(range(len(DOCUMENTS))), min_size=len(DOCUMENTS) // 3))
@example(late=dated("2025-04", "2025-05"))
@settings(
    max_examples=1,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)
async def test_incremental_equals_full(books: Books, late: set[int]):
    books.instances = ("one",)
    await empty(books)
    await books.put(
        *(one for number, one in enumerate(DOCUMENTS) if number not in late), instance="one"
    )
    await books.transform()
    await books.put(*(DOCUMENTS[one] for one in sorted(late)), instance="one")
    await books.transform()
    by_and_by = {slug: await books.rows(slug) for slug in SLUGS}
    reports = await books.transform(full=True)
    for slug, report in reports.items():
        assert not report.failed
        assert report.current == 0
        assert await books.rows(slug) == by_and_by[slug], slug
