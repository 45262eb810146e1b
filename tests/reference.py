"""The reference folder: what a real ERPNext answered and held; CSA_ERPNEXT_REFERENCE names it."""

from __future__ import annotations

import gzip
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "CSA_ERPNEXT_REFERENCE"
FOLDER = Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None

needs_reference = pytest.mark.skipif(
    FOLDER is None, reason=f"{VARIABLE} names no folder of recordings and datasets"
)


def reference_folder() -> Path:
    """Return the folder; only for tests marked `needs_reference`."""
    assert FOLDER, f"mark the test with needs_reference: {VARIABLE} is not set"
    return FOLDER


def recording_names(*prefixes: str) -> set[str]:
    """Return the names of the recordings that begin with one of `prefixes`."""
    return {
        path.stem
        for path in reference_folder().joinpath("recordings").glob("*.json")
        if path.stem.startswith(prefixes)
    }


@cache
def recording(name: str) -> dict[str, Any]:
    """Return a recorded exchange: request, status, headers, body."""
    path = reference_folder() / "recordings" / f"{name}.json"
    return json.loads(path.read_text("utf-8"))


def recorded_body(name: str) -> bytes:
    """Return the body of a recorded answer as it was on the wire."""
    body = recording(name)["body"]
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@cache
def dataset_rows(site: str, file: str) -> list[dict[str, Any]]:
    """Return the lines of a file of `dataset/<site>`, `file` being a DocType or `_metas`."""
    slug = file if file.startswith("_") else re.sub(r"[^a-z0-9]+", "-", file.lower())
    path = reference_folder() / "dataset" / site / f"{slug}.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def dataset_row(site: str, doctype: str, name: str) -> dict[str, Any]:
    """Return one document of a dataset."""
    return next(row for row in dataset_rows(site, doctype) if row["name"] == name)


@cache
def metas(site: str) -> dict[str, dict[str, Any]]:
    """Return DocType → merged meta of a dataset."""
    return {meta["name"]: meta for meta in dataset_rows(site, "_metas")}


def report_rows(name: str) -> list[dict[str, Any]]:
    """Return what an ERPNext's own report said of `site2`, without its line of totals."""
    path = reference_folder() / "dataset" / "site2" / "reports.json"
    rows = json.loads(path.read_text("utf-8"))[name]["result"]
    whole = [row for row in rows if isinstance(row, dict)]
    return [row for row in whole if row.get("sales_invoice") != "Total"]
