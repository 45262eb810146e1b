"""What is stored while a transform works is built once more, and not taken for built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.warehouse.transform.rules import COMMON, COMPANY, item
from warehouse.datasets.declaration import Dataset, Dimension, Partition, Source
from warehouse.datasets.registry import Registry
from warehouse.transform import run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.transforming import Books
    from warehouse.datasets.scope import Scope
    from warehouse.documents.datasets import Input


@dataclass
class Ingest:
    """What is stored at one moment of a transform, once."""

    books: Books
    documents: list[dict[str, Any]] = field(default_factory=list)

    async def store(self) -> None:
        while self.documents:
            await self.books.put(self.documents.pop())


@pytest.fixture
def ingest(books: Books) -> Ingest:
    """An ingest beside a transform of a dataset that looks an Item and a Company up."""
    found = Ingest(books)

    async def stream_items(scope: Scope) -> AsyncIterator[dict[str, Any]]:
        groups = {one["name"]: one["item_group"] async for one in scope.read("Item")}
        await found.store()
        yield {
            "company": scope.settings["Company"][0]["default_currency"],
            "item": "RICE",
            "item_group": groups["RICE"],
        }

    dataset = Dataset(
        slug="looked_up",
        title="Looked up",
        grain="an item",
        key=("instance", "company", "item"),
        partition=Partition.INSTANCE,
        sources=(
            Source("Item", ("item_group",), by=("item",)),
            Source("Company", ("default_currency",), is_setting=True),
        ),
        dimensions=(COMPANY, Dimension("item", "Item"), Dimension("item_group", "Item Group")),
        measures=(),
        checks=(),
        build=stream_items,
        **COMMON,
    )
    books.registry = Registry([dataset])
    return found


def company(currency: str) -> dict[str, Any]:
    return {"doctype": "Company", "name": "Co", "default_currency": currency}


async def test_a_document_that_changed_after_it_was_looked_up_is_looked_up_again(
    books: Books, ingest: Ingest
):
    await books.put(company("INR"), item("RICE", "Grain"))
    ingest.documents = [item("RICE", "Organic grain")]
    await books.transform()
    assert [row["item_group"] for row in await books.rows("looked_up")] == ["Grain"]
    await books.transform()
    assert [row["item_group"] for row in await books.rows("looked_up")] == ["Organic grain"]
    assert (await books.transform())["looked_up"].built == []


async def test_a_setting_that_changed_after_it_was_read_is_read_again(
    books: Books, ingest: Ingest, monkeypatch: pytest.MonkeyPatch
):
    read_inputs: Callable[..., Awaitable[list[Input]]] = run.read_inputs

    async def read_later(*parts: Any) -> list[Input]:
        await ingest.store()
        return await read_inputs(*parts)

    monkeypatch.setattr(run, "read_inputs", read_later)
    await books.put(company("INR"), item("RICE", "Grain"))
    ingest.documents = [company("EUR")]
    await books.transform()
    assert [row["company"] for row in await books.rows("looked_up")] == ["INR"]
    await books.transform()
    assert [row["company"] for row in await books.rows("looked_up")] == ["EUR"]
