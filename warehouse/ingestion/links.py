"""Which stored documents may link to a document that was renamed.

A rename rewrites the link fields of other documents by SQL, without touching their `modified`
(260 of 260 Sales Invoices of a renamed Customer, on a real ERPNext 15), so they are pulled again.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from warehouse.erpnext.meta import is_child_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from warehouse.documents.control import CatalogEntry
    from warehouse.documents.raw import Collection

LINK = "Link"
DYNAMIC_LINK = "Dynamic Link"


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


def merge_renames(renames: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Return DocType → old names."""
    merged: dict[str, set[str]] = defaultdict(set)
    for doctype, old in renames:
        merged[doctype].add(old)
    return dict(merged)


def _paths(prefix: str, fields: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [
        (f"{prefix}.{field['fieldname']}", field["options"] if field["fieldtype"] == LINK else None)
        for field in fields
        if field["fieldtype"] in {LINK, DYNAMIC_LINK} and not field.get("is_virtual")
    ]
