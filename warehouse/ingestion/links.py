"""Which stored documents may link to a document that was renamed.

A rename rewrites the link fields of other documents by SQL, without touching their `modified`
(260 of 260 Sales Invoices of a renamed Customer, on a real ERPNext 15), so they are pulled again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.erpnext.meta import is_child_table
from warehouse.ingestion.state import queue_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from warehouse.documents.control import CatalogEntry
    from warehouse.documents.raw import Collection
    from warehouse.ingestion.feeds import Feeds
    from warehouse.ingestion.gone import Departure
    from warehouse.ingestion.session import Session
    from warehouse.ingestion.task import Task

LINK = "Link"
DYNAMIC_LINK = "Dynamic Link"


async def queue_linking(task: Task, renamed: Sequence[Departure]) -> None:
    """Queue every document that may link to one that was renamed."""
    if renamed:
        old_names = {task.doctype: {departure.name for departure in renamed}}
        await _queue(task.session, task.catalog.entries.values(), old_names)


async def queue_renames(session: Session, entries: Iterable[CatalogEntry], feeds: Feeds) -> None:
    """Queue every document that may link to one that the feed says was renamed."""
    old_names = {
        doctype: {rename.old for rename in renames} for doctype, renames in feeds.renames.items()
    }
    if old_names:
        await _queue(session, entries, old_names)


async def _queue(
    session: Session, entries: Iterable[CatalogEntry], old_names: Mapping[str, Iterable[str]]
) -> None:
    for doctype, names in (await find_linking(session.documents, entries, old_names)).items():
        await queue_names(session, doctype, names)


async def find_linking(
    collection: Collection,
    entries: Iterable[CatalogEntry],
    renamed: Mapping[str, Iterable[str]],
) -> dict[str, list[str]]:
    """Return DocType → names of stored documents that hold one of the old names in a link field.

    `renamed`: DocType → old names. Of a Dynamic Link the DocType is not looked at: one document
    too many costs a request, one too few would stay wrong for days.
    """
    linking: dict[str, list[str]] = {}
    every_old = sorted({old for names in renamed.values() for old in names})
    for entry in entries:
        conditions = [
            {path: {"$in": every_old if target is None else sorted(renamed[target])}}
            for path, target in link_paths(entry.metas)
            if target is None or target in renamed
        ]
        if conditions:
            cursor = collection.find(
                {"doctype": entry.doctype, "$or": conditions}, {"_id": 0, "name": 1}
            )
            names = [row["name"] async for row in cursor]
            if names:
                linking[entry.doctype] = names
    return linking


def link_paths(metas: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """Return (path, DocType it links to; None of a Dynamic Link) of a DocType and its children."""
    if not metas:
        return []
    fields_of = {meta["name"]: meta["fields"] for meta in metas}
    paths = _paths("document_data", metas[0]["fields"])
    for field in metas[0]["fields"]:
        if is_child_table(field):
            prefix = f"document_data.{field['fieldname']}"
            paths += _paths(prefix, fields_of.get(field["options"], []))
    return paths


def _paths(prefix: str, fields: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [
        (f"{prefix}.{field['fieldname']}", field["options"] if field["fieldtype"] == LINK else None)
        for field in fields
        if field["fieldtype"] in {LINK, DYNAMIC_LINK} and not field.get("is_virtual")
    ]
