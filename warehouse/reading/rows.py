"""Rows of a query, and what of them is shown.

A page of whole documents is megabytes once it is decoded. Its rows are kept as MongoDB sent them:
whoever encodes each portion before the next one is decoded works in the processor's cache, and
takes two thirds of the time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

import bson

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bson.codec_options import CodecOptions

    from warehouse.reading.shown import Shown

Row = dict[str, Any]

PORTION_BYTES = 16 * 1024  # of BSON; decoded it takes five times as much


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a query; what is taken from them holds no more than is shown to the subject."""

    _sent: Sequence[Any]
    _shown: Shown

    def __len__(self) -> int:
        return len(self._sent)

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(self.portions())

    def first(self, number: int) -> Self:
        """Return the first rows of these."""
        return replace(self, _sent=self._sent[:number])

    def portions(self) -> Iterator[list[Row]]:
        """Give the rows in their order, in lists of some."""
        if self._sent:
            yield [show(row, self._shown) for row in self._sent]

    def of_last(self, key: str) -> Any:
        """Return a value of the last row that is beside the ERP's document."""
        return self._sent[-1].get(key)


@dataclass(frozen=True, slots=True)
class RawRows(Rows):
    """Rows that are still RawBSONDocuments; each is decoded as it is taken."""

    _options: CodecOptions[Row]

    def portions(self) -> Iterator[list[Row]]:
        """Give the rows in their order, in lists of a few."""
        taken: list[bytes | memoryview] = []
        size = 0
        for sent in self._sent:
            taken.append(sent.raw)
            size += len(sent.raw)
            if size >= PORTION_BYTES:
                yield self._decode(taken)
                taken, size = [], 0
        if taken:
            yield self._decode(taken)

    def of_last(self, key: str) -> Any:
        """Return a value of the last row that is beside the ERP's document."""
        value = self._sent[-1].get(key)  # what is within it is still raw
        return bson.decode(bson.encode({"value": value}), self._options)["value"]

    def _decode(self, raw: list[bytes | memoryview]) -> list[Row]:
        rows = bson.decode_all(b"".join(raw), self._options)
        return [show(row, self._shown) for row in rows]


def show(row: Row, shown: Shown) -> Row:
    """Return the row with no more of its document than is shown."""
    row["document_data"] = shown.strip(row.get("document_data", {}))
    return row
