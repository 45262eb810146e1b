"""Bind the Beanie documents to a database, once per process, and create their indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beanie import init_beanie

from warehouse.documents.access import ACCESS_MODELS
from warehouse.documents.accounts import ACCOUNT_MODELS
from warehouse.documents.control import CONTROL_MODELS
from warehouse.documents.datasets import DATASET_MODELS
from warehouse.documents.drift import DriftEvent
from warehouse.documents.identity_key import IdentityKey
from warehouse.documents.raw import raw_model
from warehouse.documents.takeover import take_over
from warehouse.documents.tombstones import tombstone_model

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pymongo.asynchronous.database import AsyncDatabase


async def init_documents(database: AsyncDatabase[dict[str, Any]], instances: Iterable[str]) -> None:
    """Prepare every collection of the datastore for `instances`.

    Collections of earlier scripts are taken over first, since the unique index needs their names.
    """
    names = list(instances)
    control = [*CONTROL_MODELS, *ACCESS_MODELS, *ACCOUNT_MODELS, *DATASET_MODELS]
    control += [DriftEvent, IdentityKey]
    await init_beanie(database=database, document_models=control)
    for name in names:
        await take_over(database, name)
    raw = [model for name in names for model in (raw_model(name), tombstone_model(name))]
    await init_beanie(database=database, document_models=raw)
