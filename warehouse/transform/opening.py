"""A transform as the settings have it: MongoDB reached, documents bound, the lease held."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from warehouse.cleaning.curated import read_curated
from warehouse.datastore import open_datastore
from warehouse.transform.run import Terms, open_transform

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from warehouse.settings import Settings
    from warehouse.transform.run import Transform


@asynccontextmanager
async def open_configured_transform(
    settings: Settings, *, full: bool = False, only: Iterable[str] = ()
) -> AsyncIterator[Transform]:
    """Hold the lease of transforms while the block runs.

    `only`: as in `Terms`.

    Raises:
        LeaseHeld: if another process transforms.
        MongoUnavailable: if MongoDB can't be started or reached.
    """
    terms = Terms(full, frozenset(only), curated=read_curated(settings.csa_data_dir))
    async with open_datastore(settings) as datastore:
        business = datastore.client[settings.business_database_name]
        async with open_transform(business, settings.instances, terms) as transform:
            yield transform
