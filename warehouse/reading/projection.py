"""Which fields of a document are read: the biggest lever on what a list costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.errors import QueryRefused
from warehouse.reading.columns import DATA
from warehouse.variables import suggest

if TYPE_CHECKING:
    from warehouse.reading.columns import Columns

WHOLE = "*"
WHOLE_DOCUMENT = "document_data"
ENVELOPE = ("name", "erp_modified", "synced_at")

Projection = dict[str, Any]


def whole_documents() -> Projection:
    """Return the projection of all that is served of a document."""
    return _project([WHOLE_DOCUMENT])


def parse_fields(columns: Columns, text: str | None) -> Projection:
    """Return the projection that `fields=` asks for; without it, what a list shows.

    Raises:
        QueryRefused: if it names a field that the DocType has not.
    """
    if text == WHOLE:
        return whole_documents()
    return _project([DATA + name for name in parse_names(columns, text)])


def parse_names(columns: Columns, text: str | None) -> tuple[str, ...]:
    """Return the names in `fields=`; without it, those of what a list shows.

    Raises:
        QueryRefused: if one is none.
    """
    names = columns.listed if text is None else tuple(text.split(","))
    known = columns.selectable
    for name in names:
        if name not in known:
            shown = name[:100]
            raise QueryRefused(
                f"There is no field {shown} to ask for." if shown else "fields names no field.",
                cure=suggest(shown, known),
                code="unknown_field",
                parameter="fields",
            )
    return names


def _project(paths: list[str]) -> Projection:
    return {"_id": False, **dict.fromkeys([*ENVELOPE, *paths], True)}
