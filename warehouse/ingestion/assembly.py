"""Put a document together as ERPNext's single read returns it.

A list row and the rows of its child tables make the same document as a single read, once nulls are
dropped, `doctype` is added and what only one of the two has is left out (477 documents of 22
DocTypes compared with a real ERPNext 15). A document read singly passes the same way, so that both
paths store, and hash, the same.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from warehouse.erpnext.meta import Shape

Document = dict[str, Any]

# Part of every hash: raise it when assembly changes, and every document is compared anew.
ASSEMBLY_VERSION = 1
# Not content: comments, tags and who looked at it; a list leaves them out, a single read does not.
UNSTORED_KEYS = frozenset({"_user_tags", "_comments", "_assign", "_liked_by", "_seen", "__onload"})

_encoder = msgspec.json.Encoder(order="deterministic")


def assemble(
    shape: Shape, row: Document, children: Mapping[str, Sequence[Document]] | None = None
) -> Document:
    """Return the document of a list row and its child rows (fieldname → rows), or of a single read.

    Without `children` the row's own arrays are its child tables.
    """
    document = _keep(row, shape, shape.doctype)
    for table in shape.child_tables:
        rows = (children if children is not None else row).get(table.fieldname) or ()
        document[table.fieldname] = [
            _keep(child, shape, table.doctype) for child in sorted(rows, key=_by_idx)
        ]
    return document


def hash_content(document: Document) -> str:
    """Return the BLAKE2b-128 of the document's canonical JSON, with the assembly's version."""
    content = blake2b(digest_size=16, salt=ASSEMBLY_VERSION.to_bytes(16, "big"))
    content.update(_encoder.encode(document))
    return content.hexdigest()


def _keep(row: Document, shape: Shape, doctype: str) -> Document:
    kept = {key: value for key, value in row.items() if value is not None}
    for key in kept.keys() & (UNSTORED_KEYS | shape.unstored.get(doctype, frozenset())):
        del kept[key]
    kept["doctype"] = doctype
    return kept


def _by_idx(row: Document) -> tuple[int, str]:
    """Order by idx; rows of equal idx, which come in any order, by name."""
    return int(row.get("idx") or 0), str(row.get("name"))
