"""`rejected_documents`: what could not be stored, kept aside with its reason until it can."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from beanie.operators import In

from warehouse.documents.control import RejectedDocument

if TYPE_CHECKING:
    from collections.abc import Iterable

    from beanie.odm.queries.find import FindMany


# What a takeover found beside the documents: no run can settle it, so it stays.
OF_TAKEOVER = ["superseded", "unusable"]


async def keep_rejected(record: RejectedDocument) -> None:
    """Keep a rejected document, in place of an earlier rejection of it."""
    await RejectedDocument.get_pymongo_collection().replace_one(
        {"instance": record.instance, "doctype": record.doctype, "name": record.name},
        record.model_dump(exclude={"id", "revision_id"}),
        upsert=True,
    )


async def clear_rejected(instance: str, doctype: str, names: Iterable[str]) -> None:
    """Forget rejections of documents that are stored by now, or gone from the ERP."""
    cleared = list(names)
    if cleared:
        await RejectedDocument.get_pymongo_collection().delete_many(
            {"instance": instance, "doctype": doctype, "name": {"$in": cleared}}
        )


async def read_rejected_names(instance: str) -> dict[str, frozenset[str]]:
    """Return DocType → names of the rejected documents of an instance that may yet be stored."""
    names: dict[str, set[str]] = defaultdict(set)
    async for row in RejectedDocument.get_pymongo_collection().find(
        {"instance": instance, "code": {"$nin": OF_TAKEOVER}}, {"_id": 0, "doctype": 1, "name": 1}
    ):
        names[row["doctype"]].add(row["name"])
    return {doctype: frozenset(found) for doctype, found in names.items()}


def read_rejected(instances: Iterable[str]) -> FindMany[RejectedDocument]:
    """Return the rejected documents of `instances`, in order of instance, DocType and name."""
    return RejectedDocument.find(In(RejectedDocument.instance, list(instances))).sort(
        "instance", "doctype", "name"
    )
