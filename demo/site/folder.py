"""Reads a dataset folder: documents recorded from a real ERPNext, one file per DocType."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import msgspec

from demo.site.dataset import Dataset, Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_decode = msgspec.json.Decoder(dict).decode
_CHILD_FILES = {"_docperm": "DocPerm", "_has-role": "Has Role", "_docfield": "DocField"}


def load_folder(folder: Path) -> Dataset:
    """Load the dataset; raise FileNotFoundError where the folder is none."""
    doctypes: list[Row] = msgspec.json.decode((folder / "doctypes.json").read_bytes())
    documents: dict[str, list[Row]] = {}
    for path in sorted(folder.glob("*.jsonl.gz")):
        if not path.name.startswith("_"):
            for row in _lines(path):
                documents.setdefault(row["doctype"], []).append(row)
    for stem, doctype in _CHILD_FILES.items():
        path = folder / f"{stem}.jsonl.gz"
        rows = list(_lines(path)) if path.exists() else []
        documents[doctype] = _without_parent(rows, documents)
    stats = msgspec.json.decode((folder / "stats.json").read_bytes())
    return Dataset(
        doctypes=doctypes,
        metas=_metas(folder, documents),
        documents=documents,
        refused={name: entry["status"] for name, entry in stats.items() if "status" in entry},
        time_zone=_time_zone(documents),
    )


def _lines(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rb") as lines:
        for line in lines:
            yield _decode(line)


def _metas(folder: Path, documents: dict[str, list[Row]]) -> dict[str, Row]:
    """Take the recorded metas and, for DocTypes without, the DocType documents themselves."""
    metas = {row["name"]: _without_nulls(row) for row in documents.get("DocType", ())}
    path = folder / "_metas.jsonl.gz"
    if path.exists():
        metas |= {row["name"]: row for row in _lines(path)}
    return metas


def _without_nulls(row: Row) -> Row:
    return {
        key: [_without_nulls(child) for child in value] if type(value) is list else value
        for key, value in row.items()
        if value is not None
    }


def _without_parent(rows: list[Row], documents: dict[str, list[Row]]) -> list[Row]:
    """Keep the child rows that are in no document of the folder."""
    parents = {
        (doctype, document["name"])
        for doctype in {row.get("parenttype", "DocType") for row in rows}
        for document in documents.get(doctype, ())
    }
    return [row for row in rows if (row.get("parenttype", "DocType"), row["parent"]) not in parents]


def _time_zone(documents: dict[str, list[Row]]) -> str:
    settings = documents.get("System Settings") or [{}]
    return settings[0].get("time_zone") or "Asia/Kolkata"
