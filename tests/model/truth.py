"""What the store must hold of a site's document: made from the site's rows, not by the engine."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.model.books import SINGLES, TABLES

Row = dict[str, Any]

_encoder = msgspec.json.Encoder(order="sorted")
# What a list leaves out: who commented, tagged, liked, saw.
NO_CONTENT = ("_user_tags", "_comments", "_assign", "_liked_by", "_seen")


def expect_document(doctype: str, row: Row, metas: dict[str, Row]) -> Row:
    """Return the document that ERPNext's single read of a site's row gives, as it is stored."""
    fields = {field["fieldname"]: field for field in metas[doctype]["fields"]}
    secret = {
        name
        for name, field in fields.items()
        if field["fieldtype"] == "Password" or field["is_virtual"]
    }
    document = {
        key: value
        for key, value in row.items()
        if value is not None
        and not isinstance(value, list)
        and key not in secret
        and key not in NO_CONTENT
    }
    if doctype in SINGLES:
        document = {"name": doctype, "docstatus": 0, "idx": "0", **document}
    document["doctype"] = doctype
    for name, field in fields.items():
        if field["fieldtype"] in TABLES:
            children = [
                expect_document(field["options"], child, metas) for child in row.get(name) or ()
            ]
            document[name] = sorted(children, key=lambda child: (child["idx"], child["name"]))
    return document


def spell(document: Row) -> str:
    """Return a document's one spelling, by which two are compared."""
    return _encoder.encode(document).decode()
