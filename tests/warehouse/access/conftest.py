"""A collection in a real MongoDB for filters to run over: one for all tests, emptied by each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pymongo import MongoClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymongo.collection import Collection


@pytest.fixture(scope="session")
def raw(mongodb_uri: str) -> Iterator[Collection[dict[str, Any]]]:
    """Raw documents. `World.shown` fills it anew."""
    with MongoClient(mongodb_uri) as client:
        yield client["test-access"]["erp_site"]
