"""Erase one document everywhere: the store, its tombstones, its rejected copy."""

from __future__ import annotations

import re
from dataclasses import dataclass

from warehouse.documents.control import RejectedDocument
from warehouse.documents.raw import raw_model
from warehouse.documents.rejected import OF_TAKEOVER
from warehouse.documents.tombstones import tombstones


@dataclass(frozen=True, slots=True)
class Erased:
    """How many copies were erased where."""

    live: int
    tombstones: int
    rejected: int

    @property
    def total(self) -> int:
        """Return the number of all of them."""
        return self.live + self.tombstones + self.rejected


async def forget(instance: str, doctype: str, name: str) -> Erased:
    """Erase a document of an instance; one that its ERP still has comes back with the next run."""
    which = {"doctype": doctype, "name": name}
    live = await raw_model(instance).get_pymongo_collection().delete_many(which)
    buried = await tombstones(instance).delete_many(which)
    # A takeover names the older copies that it kept aside `<name> (<_id>)`.
    copies = {"code": {"$in": OF_TAKEOVER}, "name": {"$regex": rf"^{re.escape(name)} \([^ ()]+\)$"}}
    rejected = await RejectedDocument.get_pymongo_collection().delete_many(
        {"instance": instance, "doctype": doctype, "$or": [{"name": name}, copies]}
    )
    return Erased(live.deleted_count, buried.deleted_count, rejected.deleted_count)
