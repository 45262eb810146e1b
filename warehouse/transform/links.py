"""The link fields of documents that their rows carry, so that access can be judged on a row.

User Permissions name the values of Link fields, of a document and of all rows of its tables. Links
to User stay out: their values are e-mail addresses (C15). Of a table whose rows link to more than
MOST_VALUES documents by one field the row carries nothing: an invoice of a thousand lines would
carry a million names. What is not carried can't be judged, and what can't be judged is hidden.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from warehouse.datasets.scope import DATA
from warehouse.documents.control import CatalogEntry
from warehouse.erpnext.meta import is_child_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.erpnext.meta import Meta

MOST_VALUES = 100
HAS_ROWS = "_has_rows"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_]+")
_NEVER = frozenset({None, "", "[Select]", "User"})

Links = dict[str, list[str]]
"""DocType → its link fields, `customer` or `items.warehouse`, in order."""


async def read_links(instance: str, doctypes: Iterable[str]) -> Links:
    """Return the link fields of DocTypes as the catalog knows them."""
    found: Links = {}
    for doctype in doctypes:
        entry = await CatalogEntry.get_pymongo_collection().find_one(
            {"instance": instance, "doctype": doctype}, {"metas": 1}
        )
        found[doctype] = sorted(_find_links(entry["metas"])) if entry else []
    return found


def carry(doctype: str, links: list[str]) -> dict[str, Any]:
    """Return the expression of what a row carries of its document: `{source, access}`.

    Of one that an earlier script stored and nobody has read again, nothing: it may lack links.
    """
    own = {link: f"${DATA}.{link}" for link in links if "." not in link}
    tables: dict[str, dict[str, Any]] = {}
    for link in links:
        table, _, field = link.rpartition(".")
        if table:
            tables.setdefault(table, {})[field] = _values(f"${DATA}.{table}", field)
    rows = {table: _carry_table(f"${DATA}.{table}", fields) for table, fields in tables.items()}
    is_whole = {"$gt": [{"$ifNull": ["$content_hash", ""]}, ""]}
    return {
        "source": {"doctype": {"$literal": doctype}, "name": "$name"},
        "access": {"$cond": [is_whole, {"own": own, "tables": rows}, "$$REMOVE"]},
    }


def _carry_table(table: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the expression of what is carried of a table; nothing of one that is not there."""
    filled = {"$cond": [{"$eq": [table, []]}, {HAS_ROWS: False}, {HAS_ROWS: True, **fields}]}
    return {"$cond": [{"$isArray": table}, filled, "$$REMOVE"]}


def _values(table: str, field: str) -> dict[str, Any]:
    """Return the expression of the distinct values that a table's rows hold in a field.

    Nothing where all of them are empty, which most links are; null where they are too many.
    """
    each = {"$map": {"input": table, "in": {"$ifNull": [f"$$this.{field}", ""]}}}
    within = {"$lte": [{"$size": "$$values"}, MOST_VALUES]}
    kept = {"$cond": [within, "$$values", None]}
    some = {"$cond": [{"$eq": ["$$values", [""]]}, "$$REMOVE", kept]}
    return {"$let": {"vars": {"values": {"$setUnion": [each]}}, "in": some}}


def _find_links(metas: list[Meta]) -> Iterable[str]:
    if not metas:
        return
    by_name = {meta["name"]: meta for meta in metas[1:]}
    yield from _links_of(metas[0])
    for table in filter(is_child_table, metas[0]["fields"]):
        if table["options"] in by_name and _PLAIN_NAME.fullmatch(table["fieldname"]):
            for field in _links_of(by_name[table["options"]]):
                yield f"{table['fieldname']}.{field}"


def _links_of(meta: Meta) -> Iterable[str]:
    for field in meta["fields"]:
        if (
            field["fieldtype"] == "Link"
            and field.get("options") not in _NEVER
            and not field.get("is_virtual")
            and str(field.get("ignore_user_permissions") or "0") == "0"
            and _PLAIN_NAME.fullmatch(field["fieldname"])
        ):
            yield field["fieldname"]
