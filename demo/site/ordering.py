"""order_by and group_by: read, and applied with NULL first and text by the collation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo.site import refusals
from demo.site.filters import comparison_key

if TYPE_CHECKING:
    from demo.site.sources import Column, Joined, Sources

_TERM = re.compile(r"\s*(.+?)(?:\s+(asc|desc))?\s*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One column of an order_by."""

    column: Column
    descending: bool


def read_order(order_by: str | None, sources: Sources) -> list[OrderTerm]:
    """Read an order_by."""
    terms = []
    for text in _parts(order_by):
        found = _TERM.fullmatch(text)
        if found is None:
            continue
        column = sources.column(found[1])
        if column is not None:
            terms.append(OrderTerm(column, (found[2] or "asc").lower() == "desc"))
    return terms


def read_group(group_by: str | None, sources: Sources) -> list[Column]:
    """Read a group_by."""
    columns = (sources.column(text) for text in _parts(group_by))
    return [column for column in columns if column is not None]


def sort_rows(rows: list[Joined], order: list[OrderTerm]) -> None:
    """Sort in place: the last term first, as sorting is stable."""
    for term in reversed(order):
        key = comparison_key(term.column.kind)
        value_of = term.column.value

        def sort_key(joined: Joined, key: Any = key, value_of: Any = value_of) -> tuple[int, Any]:
            value = value_of(joined)
            return (0, 0) if value is None else (1, key(value))

        rows.sort(key=sort_key, reverse=term.descending)


def _parts(text: str | None) -> list[str]:
    if not text:
        return []
    if re.search(r"[()]|--|;|\bselect\b", text, re.IGNORECASE):
        raise refusals.validation(f"Cannot use {text} in order/group by")
    return [part for part in text.split(",") if part.strip()]
