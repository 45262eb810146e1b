"""The datastore, opened: MongoDB reached, the Beanie documents bound to it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from warehouse.documents.database import init_documents
from warehouse.mongodb import open_mongodb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pymongo.asynchronous.database import AsyncDatabase

    from warehouse.settings import Settings


@asynccontextmanager
async def open_datastore(settings: Settings) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """Reach MongoDB and prepare the collections of every instance in the settings.

    Raises:
        MongoUnavailable: if MongoDB can't be started or reached.
    """
    async with open_mongodb(settings) as client:
        database = client[settings.mongodb_database_name]
        await init_documents(database, settings.instances)
        yield database
