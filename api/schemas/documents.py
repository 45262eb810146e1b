"""Documents, one or a page of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self, cast

from msgspec import Meta, Raw, Struct

from api.answers import encode

if TYPE_CHECKING:
    from warehouse.reading.doctypes import ServedDocType
    from warehouse.reading.listing import Page
    from warehouse.reading.rows import Row, Rows


class Document(Struct, frozen=True):
    """A document of an ERP, and how fresh it is."""

    instance: str
    doctype: str
    name: str
    erp_modified: Annotated[
        str | None, Meta(description="When the ERP last changed it: the site's own time, as sent.")
    ]
    synced_at: Annotated[datetime, Meta(description="When this content was stored.")]
    verified_at: Annotated[
        datetime | None, Meta(description="The last complete comparison of its DocType.")
    ]
    document: Annotated[
        dict[str, Any],
        Meta(description="ERPNext's own fields, or those asked for; empty ones are absent."),
    ]

    @classmethod
    def of(cls, doctype: ServedDocType, row: Row) -> Self:
        """Return the wire form of a row as it was read."""
        return cls(
            doctype.instance,
            doctype.doctype,
            row["name"],
            row.get("erp_modified"),
            row["synced_at"],
            doctype.verified_at,
            row["document_data"],
        )


class DocumentPage(Struct, frozen=True):
    """A page of a list of documents."""

    items: list[Document]
    next_cursor: Annotated[
        str | None, Meta(description="`cursor` of the next page; null on the last one.")
    ]
    count: Annotated[
        int | None,
        Meta(description="Rows of the whole list; null: not counted, or not in half a second."),
    ]
    count_capped: Annotated[bool, Meta(description="There are more rows than `count` says.")]
    facets: Annotated[dict[str, Any] | None, Meta(description="Null: a list has none.")]
    as_of: Annotated[
        datetime | None,
        Meta(description="The last complete comparison of the DocType with the ERP."),
    ]

    @classmethod
    def of(cls, doctype: ServedDocType, page: Page) -> Self:
        """Return the wire form of a page as it was read; its documents are encoded at once."""
        return cls(
            items=cast("list[Document]", _encode(doctype, page.rows)),
            next_cursor=page.next_cursor,
            count=page.count,
            count_capped=page.is_count_capped,
            facets=None,
            as_of=doctype.verified_at,
        )


def _encode(doctype: ServedDocType, rows: Rows) -> list[Raw]:
    """Return the JSON of rows: each portion is encoded before the next one is decoded.

    Of each, what is between its brackets: encoded as items of a list, they follow each other there.
    """
    encoded = (
        encode([Document.of(doctype, row) for row in portion]) for portion in rows.portions()
    )
    return [Raw(memoryview(portion)[1:-1]) for portion in encoded]
