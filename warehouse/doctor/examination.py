"""The whole examination: settings, disk, MongoDB and every ERP, side by side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from warehouse.doctor.configuration import check_settings
from warehouse.doctor.disk import check_disk
from warehouse.doctor.erp import Scope, check_erp
from warehouse.doctor.mongodb import check_mongodb
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from warehouse.doctor.findings import Finding
    from warehouse.settings import Settings


async def examine(
    scope: Scope | None = None, load: Callable[[], Settings] = load_settings
) -> list[Finding]:
    """Return every finding, in the order settings, disk, MongoDB, ERPs.

    Changes nothing but probe collections in MongoDB, which it removes. Raises nothing that a
    wrong setting, a missing right or an unreachable server could cause.
    """
    settings, findings = check_settings(load)
    if settings is None:
        return findings
    if settings.mongodb_uri is None:
        findings += check_disk(settings.csa_data_dir)
    erps = (check_erp(erp, scope or Scope()) for erp in settings.instances.values())
    for part in await asyncio.gather(check_mongodb(settings), *erps):
        findings += part
    return findings
