"""Books written by hand, and the rows that must come of them: `golden/*.yaml`.

A file of a dataset gives its rows as lists under `columns`, in the order of their keys; every
row must be there, and every column that is listed must be as written.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from warehouse.datasets.registry import load_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.transforming import Books

FOLDER = Path(__file__).parent / "golden"
COMPANIES = {"one": "Sahaja", "two": "Abroad"}
# What is made of a record's place in an ERP, and can't be worked out by hand.
IDS = frozenset({"item_id", "party_id", "doubt"})
MASTERS = frozenset(
    (
        *("Account", "Company", "Customer", "Supplier", "Farmer", "Fiscal Year", "Item"),
        *(
            "Item Group",
            "Territory",
            "UOM Conversion Factor",
            "Currency Exchange",
            "Warehouse",
            "Bin",
            "Batch",
        ),
    )
)


def load(name: str) -> Any:
    """Return a file of the folder, its dates as the strings that ERPNext sends."""
    return plain(yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")))


def plain(value: Any) -> Any:
    """Return YAML's value with dates as text."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def fill(instance: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return a document with what the files leave out."""
    if document["doctype"] == "Account":
        return {"company": COMPANIES[instance], **document}
    if document["doctype"] in MASTERS:
        return document
    return {"docstatus": 1, "company": COMPANIES[instance], "currency": "INR", **document}


async def put_books(books: Books, order: int = 1) -> None:
    """Store the books of both instances, from the first document or, -1, from the last."""
    for instance, documents in load("books").items():
        filled = [fill(instance, document) for document in documents]
        await books.put(*filled[::order], instance=instance)


def with_upstreams(slug: str) -> Iterator[str]:
    """Yield a dataset and all that it is made of."""
    yield slug
    for upstream in load_registry().get(slug).upstreams:
        yield from with_upstreams(upstream.slug)


def expected_rows(slug: str) -> list[dict[str, Any]]:
    """Return the rows of a dataset's file, as mappings."""
    golden = load(slug)
    columns = golden["columns"]
    assert all(len(row) == len(columns) for row in golden["rows"]), "a row has too few cells"
    return [dict(zip(columns, map(_as_text, row), strict=True)) for row in golden["rows"]]


def pick(rows: list[dict[str, Any]], columns: list[str]) -> list[dict[str, Any]]:
    """Return of rows the listed columns; ids as id1, id2, … in the order in which they come up."""
    picked = [{name: _as_text(row.get(name)) for name in columns} for row in rows]
    for name in IDS & {*columns}:
        known: dict[str, str] = {}
        for row in picked:
            if row[name] is not None:
                row[name] = known.setdefault(row[name], f"id{len(known) + 1}")
    return picked


def _as_text(value: Any) -> Any:
    """Return numbers as text, so that 9000 and a Decimal of it are the same."""
    return value if value is None else str(value)
