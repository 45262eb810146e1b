"""Bind the Beanie documents to a database, once per process, and create their indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beanie import init_beanie

from warehouse.documents.control import CONTROL_MODELS
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pymongo.asynchronous.database import AsyncDatabase


async def init_documents(database: AsyncDatabase[dict[str, Any]], instances: Iterable[str]) -> None:
    """Prepare every collection of the datastore for `instances`."""
    models = [*CONTROL_MODELS, *(raw_model(instance) for instance in instances)]
    await init_beanie(database=database, document_models=models)
