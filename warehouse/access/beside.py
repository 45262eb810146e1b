"""Access rules, refreshed beside other work, which goes on without: a failure is remembered."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from warehouse.access.refresh import refresh_access
from warehouse.documents.access import AccessPointer
from warehouse.errors import WarehouseError

if TYPE_CHECKING:
    from warehouse.access.refresh import Outside
    from warehouse.settings import ErpInstance

logger = logging.getLogger(__name__)


async def refresh_beside(erp: ErpInstance, outside: Outside | None = None) -> None:
    """Refresh as part of other work, which goes on without: a failure is logged and remembered."""
    try:
        await refresh_access(erp, outside)
    except WarehouseError as error:
        logger.warning("%s: access rules not refreshed: %s", erp.instance, error)


async def refresh_first(erp: ErpInstance) -> None:
    """Refresh beside what is about to be stored, if no rules were ever in force.

    Of what is stored before the first rules nobody knows which fields the key could read.
    """
    pointer = await AccessPointer.get(erp.instance)
    if pointer is None or not pointer.version:
        await refresh_beside(erp)
