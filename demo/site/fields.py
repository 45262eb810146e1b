"""The `fields` of a list: columns, `*`, aggregates, aliases and `distinct`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from demo.site import refusals
from demo.site.filters import comparison_key

if TYPE_CHECKING:
    from demo.site.sources import Column, Joined, Sources

_ALIASED = re.compile(r"(.+?)\s+as\s+[`'\"]?(\w+)[`'\"]?", re.IGNORECASE | re.DOTALL)
_CALL = re.compile(r"(count|sum|max|min|avg)\((.*)\)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Output:
    """One column of the answer: a column of the query or an aggregate over one."""

    key: str
    column: Column
    aggregate: str | None = None

    def of(self, rows: list[Joined]) -> Any:
        """Give the value for a group of rows (of which each has its own group if alone)."""
        if self.aggregate is None:
            return self.column.value(rows[0]) if rows else None
        values = [value for row in rows if (value := self.column.value(row)) is not None]
        if self.aggregate == "count":
            return len(values)
        if not values:
            return None
        if self.aggregate in ("sum", "avg"):
            total = round(math.fsum(values), 9)
            return total if self.aggregate == "sum" else total / len(values)
        best = max if self.aggregate == "max" else min
        return best(values, key=comparison_key(self.column.kind))


@dataclass(slots=True)
class Selection:
    """All that a list's rows show."""

    star: bool = False
    distinct: bool = False
    outputs: list[Output] = field(default_factory=list)

    @property
    def aggregates(self) -> bool:
        """Tell if any output is over many rows."""
        return any(output.aggregate for output in self.outputs)


def read_selection(fields: Any, sources: Sources) -> Selection:
    """Read `fields`; without any, a list shows the name."""
    texts = [fields] if isinstance(fields, str) else fields or ["name"]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise refusals.crashed("TypeError", f"TypeError: fields must be a list of texts: {texts!r}")
    selection = Selection()
    own_star = f"`tab{sources.table.schema.doctype}`.*"
    for text in (each.strip() for each in texts):
        if text in ("*", own_star):
            selection.star = True
            continue
        if text.lower().startswith("distinct "):
            selection.distinct = True
        _add_output(selection, text.removeprefix("distinct ").strip(), sources)
    return selection


def _add_output(selection: Selection, text: str, sources: Sources) -> None:
    alias = None
    if found := _ALIASED.fullmatch(text):
        text, alias = found[1].strip(), found[2]
    if found := _CALL.fullmatch(text):
        inner = found[2].strip()
        column = None if inner == "*" else sources.column(inner)
        if column is None:
            raise refusals.unknown_field(inner)
        selection.outputs.append(Output(alias or text, column, found[1].lower()))
        return
    if "(" in text:
        raise refusals.crashed("IndexError", "IndexError: list index out of range")
    column = sources.column(text)
    if column is not None:
        selection.outputs.append(Output(alias or column.fieldname, column))
