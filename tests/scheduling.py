"""Which worker runs what: all tests of the Prefect server on one, and what takes long first.

Left to itself xdist begins with the files that have the most tests, ends with those whose few take
minutes, and starts a Prefect server on each worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    import pytest

TOGETHER = "tests/flows/"
# At first a worker is given one of these, then one more; from then on the next that there is. Of
# those together the first looks at the first day of its store, which the others go on with.
FIRST = (
    "tests/flows/test_on_a_server.py",
    TOGETHER,
    "tests/model/test_walk.py",
    "tests/warehouse/ingestion/test_reference_sites.py",
    "tests/warehouse/access/test_agreement.py",
    "tests/warehouse/ingestion/test_later_site.py",
    "tests/bench/",
    "tests/api/",
    "tests/docs/",
    "tests/cli/",
)


class Scheduling(LoadFileScheduling):
    """Files go to workers whole, and the files of TOGETHER as if they were one."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else super()._split_scope(nodeid)


def put_longest_first(items: list[pytest.Item]) -> None:
    """Put what takes long first, and leave the rest as it is."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    ranks = (rank for rank, path in enumerate(FIRST) if item.nodeid.startswith(path))
    return next(ranks, len(FIRST))
