"""What one sample ERPNext site holds, before any server is put in front of it.

A dataset comes from a folder of recorded documents (`demo.site.folder`) or from the generator
(`demo.books`); the server (`demo.site.app`) can't tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(slots=True)
class Dataset:
    """The documents of a site and what describes them.

    `doctypes`: rows of the DocType list (name, module, istable, issingle, is_virtual,
    is_submittable, custom, is_tree, autoname, title_field, modified).
    `metas`: DocType name → merged meta as `/api/v2/doctype/<name>/meta` gives it.
    `documents`: DocType name → documents, each with all its columns (nulls kept), `doctype`, and
    its child tables as arrays of rows (which carry parent, parentfield, parenttype, idx, doctype).
    `refused`: DocType name → HTTP status that a list of it answers (403 of a DocType nobody reads).
    """

    doctypes: list[Row]
    metas: dict[str, Row]
    documents: dict[str, list[Row]]
    refused: dict[str, int] = field(default_factory=dict)
    time_zone: str = "Asia/Kolkata"
    versions: dict[str, str] = field(
        default_factory=lambda: {"frappe": "15.44.2", "erpnext": "15.90.0"}
    )
