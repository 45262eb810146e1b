"""Books of one or two sites, and datasets of the tests' own over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pymongo import AsyncMongoClient

from tests.transforming import Books
from tests.warehouse.transform.rules import REGISTRY
from warehouse.documents.database import init_documents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.database import AsyncDatabase


@pytest.fixture
async def books(mongodb_uri: str, database: AsyncDatabase[dict[str, Any]]) -> AsyncIterator[Books]:
    """Empty books of `site` and `other`; only `site` is transformed unless a test says so."""
    async with AsyncMongoClient(mongodb_uri, tz_aware=True) as client:
        await init_documents(client[database.name], ["site", "other"])
        name = f"{database.name}-business"
        yield Books(client[name], REGISTRY)
        await client.drop_database(name)
