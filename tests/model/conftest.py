"""A store for walks, with a gate before each of its writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.model.wire import watch_writes

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase


@pytest.fixture
def store(database: AsyncDatabase, monkeypatch: pytest.MonkeyPatch) -> AsyncDatabase:
    """The test's datastore."""
    watch_writes(monkeypatch)
    return database
