"""State and district of territories and warehouses, by the curated place table (C14).

A territory that the table doesn't name has those of the nearest one above it in the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.cleaning.books import Books
    from warehouse.cleaning.curated import Curated

Expression = dict[str, Any]


def find_place(doctype: str, name: str, books: Books, curated: Curated) -> tuple[str, str] | None:
    """Return the state and district of a Territory or Warehouse, or None if unknown."""
    places = curated.rows("places")
    for ancestor in books.path_to_root(doctype, name):
        row = places.get((doctype, ancestor))
        if row:
            return row["state"], row["district"]
    return None


def place_fields(doctype: str, path: str, books: Books, curated: Curated) -> dict[str, Any]:
    """Return the fields state and district, of the name at `path`, for a `$set` stage."""
    found = {
        name: place
        for name in sorted(_names(doctype, books, curated))
        if (place := find_place(doctype, name, books, curated))
    }
    return {
        "state": _choose(path, {name: state for name, (state, _) in found.items()}),
        "district": _choose(path, {name: district for name, (_, district) in found.items()}),
    }


def _names(doctype: str, books: Books, curated: Curated) -> Iterable[str]:
    listed = {name for kind, name in curated.rows("places") if kind == doctype}
    return listed | books.parents.get(doctype, {}).keys()


def _choose(path: str, values: dict[str, str]) -> Expression:
    """Return an expression: the value whose names hold the one at `path`, or null."""
    names: dict[str, list[str]] = {}
    for name, value in values.items():
        if value:
            names.setdefault(value, []).append(name)
    branches = [
        {"case": {"$in": [path, {"$literal": known}]}, "then": {"$literal": value}}
        for value, known in sorted(names.items())
    ]
    return {"$switch": {"branches": branches, "default": None}} if branches else {"$literal": None}
