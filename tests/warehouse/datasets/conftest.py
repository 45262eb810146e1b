"""Books of the two instances that the golden files are about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import AsyncMongoClient

from tests.transforming import Books
from warehouse.datasets.registry import load_registry
from warehouse.documents.database import init_documents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.database import AsyncDatabase

TODAY = datetime(2025, 7, 15, 6, tzinfo=UTC)


@pytest.fixture
async def books(mongodb_uri: str, database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[Books]:
    """Empty books of the instances `one` and `two`, on 15 July 2025, with all datasets."""
    async with AsyncMongoClient(mongodb_uri, tz_aware=True) as client:
        await init_documents(client[database.name], ["one", "two"])
        name = f"{database.name}-business"
        yield Books(client[name], load_registry(), ("one", "two"), TODAY)
        await client.drop_database(name)
