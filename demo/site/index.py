"""A DocType's rows sorted by one column and then by name, kept while rows change."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from demo.site.dataset import Row

NameKey = str | int
Entry = tuple[str, NameKey]


@dataclass(frozen=True, slots=True)
class Span:
    """The part of an index that a query needs; entries outside can't match.

    `after_name` narrows further: of the entries at `lowest`, only those past that name.
    """

    lowest: str | None = None
    above_lowest: bool = False
    after_name: NameKey | None = None
    highest: str | None = None


class SortedIndex:
    """Entries (value of the column, name) in order, each leading to its row by name."""

    def __init__(self, rows: Iterable[Row], entry: Callable[[Row], Entry]) -> None:
        self._entry = entry
        self._entries: list[Entry] = sorted(map(entry, rows))

    def add(self, row: Row) -> None:
        """Take a row in."""
        insort(self._entries, self._entry(row))

    def remove(self, row: Row) -> None:
        """Drop a row, given as it was when it was taken in."""
        entry = self._entry(row)
        place = bisect_left(self._entries, entry)
        if self._entries[place] != entry:
            raise LookupError(f"not indexed: {entry}")
        del self._entries[place]

    def names(self, span: Span, *, descending: bool) -> Iterator[NameKey]:
        """Give the names in the span, in order."""
        first, last = self._bounds(span)
        places = range(last - 1, first - 1, -1) if descending else range(first, last)
        for place in places:
            yield self._entries[place][1]

    def _bounds(self, span: Span) -> tuple[int, int]:
        first, last = 0, len(self._entries)
        if span.lowest is not None:
            if span.after_name is not None:
                first = bisect_right(self._entries, (span.lowest, span.after_name))
            elif span.above_lowest:
                first = bisect_right(self._entries, span.lowest, key=_value)
            else:
                first = bisect_left(self._entries, span.lowest, key=_value)
        if span.highest is not None:
            last = bisect_right(self._entries, span.highest, key=_value)
        return first, last


def _value(entry: tuple[str, Any]) -> str:
    return entry[0]
