"""The tables that people curate: ours beside this file, an operator's in the data directory.

`<CSA_DATA_DIR>/curated/<table>.csv` takes the place of rows of the same key and adds others. A file
that can't be understood stops the build: a curated row that is silently left out would change
figures without anyone knowing.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

OUR_FOLDER = Path(__file__).parent / "curated"
OPERATORS_FOLDER = "curated"
BUSINESSES = frozenset({"input", "output", "service", "other"})
SUPPLIER_CLASSES = frozenset({"farmers", "cooperatives", "traders", "services"})

Row = dict[str, str]
Key = tuple[str, ...]


class Shape(NamedTuple):
    """The columns of a table; the first `key` of them tell its rows apart."""

    columns: tuple[str, ...]
    key: int


SHAPES = {
    "parties": Shape(("instance", "doctype", "name", "party"), 3),
    "items": Shape(
        ("instance", "item_code", "item", "crop", "variety", "grade", "organic", "pack_kg",
         "business"), 2,
    ),
    "crops": Shape(("word", "crop", "variety"), 1),
    "item_groups": Shape(("item_group", "business"), 1),
    "supplier_groups": Shape(("supplier_group", "supplier_class"), 1),
    "places": Shape(("doctype", "name", "state", "district"), 2),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Curated:
    """All curated tables: table → key → row; `version` changes with their content."""

    tables: dict[str, dict[Key, Row]] = field(default_factory=dict)
    version: str = ""

    def rows(self, table: str) -> dict[Key, Row]:
        """Return a table's rows by their key."""
        return self.tables.get(table, {})


def read_curated(data_dir: Path | None = None) -> Curated:
    """Read our tables and, over them, those of the operator.

    Raises:
        ConfigurationError: if a file lacks a column or has a row that can't be understood.
    """
    folders = [OUR_FOLDER, *([data_dir / OPERATORS_FOLDER] if data_dir else [])]
    tables: dict[str, dict[Key, Row]] = {}
    for table, shape in SHAPES.items():
        tables[table] = {}
        for folder in folders:
            path = folder / f"{table}.csv"
            if path.is_file():
                tables[table].update(_read(path, table, shape))
    content = repr([(table, sorted(rows.items())) for table, rows in sorted(tables.items())])
    return Curated(tables, blake2b(content.encode(), digest_size=8).hexdigest())


def _read(path: Path, table: str, shape: Shape) -> Iterator[tuple[Key, Row]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if tuple(reader.fieldnames or ()) != shape.columns:
            raise ConfigurationError(
                f"{path} must have the columns {', '.join(shape.columns)}, in this order.",
                cure="Give it this header line.",
                table=table,
            )
        for row in reader:
            # A short line has None for a column, a long one a list under None.
            cells = {str(column): str(cell or "").strip() for column, cell in row.items()}
            key = tuple(cells[column] for column in shape.columns[: shape.key])
            _check(path, reader.line_num, cells, shape)
            yield key, cells


def _check(path: Path, line: int, cells: Row, shape: Shape) -> None:
    """Raise if a row has no key, cells beyond the header, or a word that means nothing."""
    missing = [column for column in shape.columns[: shape.key] if not cells[column]]
    wrong = (
        f"has no {', '.join(missing)}" if missing
        else "has more cells than the header" if len(cells) > len(shape.columns)
        else f"has the business {cells['business']!r}" if not _is_of(cells, "business", BUSINESSES)
        else f"has the supplier_class {cells['supplier_class']!r}"
        if not _is_of(cells, "supplier_class", SUPPLIER_CLASSES)
        else f"has the pack_kg {cells['pack_kg']!r}" if not _is_amount(cells.get("pack_kg", ""))
        else ""
    )  # fmt: skip
    if wrong:
        raise ConfigurationError(
            f"Line {line} of {path} {wrong}.", cure="Mend or remove the line.", line=line
        )


def _is_of(cells: Row, column: str, words: frozenset[str]) -> bool:
    return cells.get(column, "") in words | {""}


def _is_amount(text: str) -> bool:
    return not text or text.replace(".", "", 1).isdecimal()
