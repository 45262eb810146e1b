"""DocTypes whose stored documents may lack fields that the key reads by now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.doctor.findings import Finding, list_names, warning
from warehouse.documents.access import AccessPointer

if TYPE_CHECKING:
    from collections.abc import Container

    from pymongo.asynchronous.database import AsyncDatabase

MOST_NAMED = 10


async def check_pending(
    datastore: AsyncDatabase[dict[str, Any]], instances: Container[str]
) -> list[Finding]:
    """Return what waits for a full reading, of each instance in whose rules something does."""
    pointers = datastore[AccessPointer.Settings.name].find({"pending": {"$gt": []}}).sort("_id")
    return [_tell(row["_id"], row["pending"]) async for row in pointers if row["_id"] in instances]


def _tell(instance: str, doctypes: list[str]) -> Finding:
    more = len(doctypes) - MOST_NAMED
    named = list_names(doctypes[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    message = (
        f"Stored documents of {named} may lack fields that the key reads by now. Employees whom "
        "User Permissions restrict by such a link are shown nothing of them by their roles."
    )
    cure = (
        f"csa ingest {instance} --full, csa transform, then csa access refresh {instance}; or wait "
        "until each was read in full on its turn."
    )
    return warning(f"{instance} access rules", message, cure)
