"""A rule that fails before anything is built of it, and what is kept of builds that fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.warehouse.transform.rules import LINES, MONTHLY, build_lines, item, sale
from warehouse.datasets.registry import Registry
from warehouse.documents.datasets import BuildState, DatasetBuild

if TYPE_CHECKING:
    from tests.transforming import Books
    from warehouse.datasets.declaration import Feed
    from warehouse.datasets.scope import Scope

RICE = item("RICE", "Grain")


def refuse_other(scope: Scope) -> list[Feed]:
    if scope.instance == "other":
        raise KeyError("Asha")
    return build_lines(scope)


async def test_a_rule_that_fails_for_one_instance_keeps_no_other_partition_waiting(books: Books):
    books.instances = ("other", "site")
    for instance in books.instances:
        await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 1)), instance=instance)
    books.registry = Registry([replace(LINES, build=refuse_other), MONTHLY])
    reports = await books.transform()
    assert [row["instance"] for row in await books.rows("lines")] == ["site"]
    assert [row["instance"] for row in await books.rows("monthly")] == ["site"]
    failure = reports["lines"].pointer.failed["other 2026-04"]
    assert failure.code == "dataset_rule_failed"
    assert "KeyError" in failure.message
    assert "Asha" not in failure.message
    [record] = await DatasetBuild.find({"state": BuildState.FAILED}).to_list()
    assert (str(record.slot), record.failure) == ("other 2026-04", failure)
    assert (await books.transform())["lines"].current == 1

    books.registry = Registry([LINES, MONTHLY])
    assert (await books.transform())["lines"].pointer.failed == {}
    assert [row["instance"] for row in await books.rows("lines")] == ["other", "site"]


async def test_a_record_of_a_build_that_failed_names_nobody_and_goes_in_time(books: Books):
    await books.put(RICE, sale("INV-1", "2026-04-05", ("RICE", 2_000_000)))
    await books.transform("lines")
    [record] = await DatasetBuild.find({"state": BuildState.FAILED}).to_list()
    assert record.names == {}
    assert record.expires_at
    assert record.failure
