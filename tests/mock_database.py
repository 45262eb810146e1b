"""Beanie without a server: mongomock-motor, and what Beanie 2 asks of a server that it lacks.

For defaults, validation and plain finds only. Locks, update pipelines, `$$NOW`, bulk upserts and
error codes are MongoDB's own business, and are tested against a real mongod.
"""

from __future__ import annotations

from typing import Any

import pytest
from mongomock_motor import (
    AsyncCursor,
    AsyncMongoMockClient,
    AsyncMongoMockCollection,
    AsyncMongoMockDatabase,
)

from warehouse.documents.database import init_documents

INSTANCES = ("mitra", "sahaja")


class MockCollection(AsyncMongoMockCollection):
    """A collection whose `aggregate` is awaited for its cursor, as pymongo's is."""

    async def aggregate(self, *args: Any, **kwargs: Any) -> AsyncCursor:  # type: ignore[override]
        return super().aggregate(*args, **kwargs)


class MockDatabase(AsyncMongoMockDatabase):
    """A database that takes the options with which Beanie lists collections."""

    async def list_collection_names(
        self,
        *,
        authorizedCollections: bool,  # noqa: N803 MongoDB's names
        nameOnly: bool,  # noqa: N803
    ) -> list[str]:
        assert authorizedCollections
        assert nameOnly
        return self.delegate.list_collection_names()

    def get_collection(self, *args: Any, **options: Any) -> MockCollection:
        return MockCollection(self, self.delegate.get_collection(*args, **options))


@pytest.fixture
async def mock_database() -> MockDatabase:
    """An empty datastore in memory, bound to the Beanie documents of INSTANCES."""
    client = AsyncMongoMockClient(tz_aware=True)
    database = MockDatabase(client, client["datastore"].delegate)
    await init_documents(database, INSTANCES)  # type: ignore[arg-type]
    return database
