"""Merged metas, as the API gives them and as the desk's forms get them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.site import refusals

if TYPE_CHECKING:
    from demo.site.dataset import Row
    from demo.site.tables import Store


def meta_of(store: Store, doctype: str) -> Row:
    """Give a DocType's merged meta."""
    if doctype not in store.doctypes:
        raise refusals.unknown_doctype(doctype)
    return store.meta(doctype)


def form_metas_of(store: Store, doctype: str) -> list[Row]:
    """Give what a form needs: the merged metas of a DocType and of its child tables, each once."""
    meta = meta_of(store, doctype)
    tables = (
        field.get("options")
        for field in meta.get("fields") or ()
        if str(field.get("fieldtype")).startswith("Table")
    )
    children = [child for child in dict.fromkeys(tables) if child in store.doctypes]
    return [
        _form_meta(store, meta),
        *(_form_meta(store, meta_of(store, each)) for each in children),
    ]


def _form_meta(store: Store, meta: Row) -> Row:
    """Add what the desk adds to each field; a list that compares metas must not trip over it."""
    fields = [{**field, **_of_link(store, field)} for field in meta.get("fields") or ()]
    links = [{**link, "added": False} for link in meta.get("links") or ()]
    return {**meta, "fields": fields} | ({"links": links} if "links" in meta else {})


def _of_link(store: Store, field: Row) -> Row:
    linked = store.metas.get(field.get("options") or "") if field["fieldtype"] == "Link" else None
    searched = (linked or {}).get("search_fields")
    return {
        "is_custom_field": field.get("is_custom_field"),
        "linked_document_type": linked.get("document_type") if linked else None,
        "search_fields": [each.strip() for each in searched.split(",")] if searched else None,
    }
