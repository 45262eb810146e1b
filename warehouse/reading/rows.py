"""Rows as MongoDB sent them, decoded portion by portion as they are taken.

A page of whole documents is megabytes once it is decoded. Whoever encodes each portion before the
next one is decoded works in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import bson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bson.codec_options import CodecOptions
    from bson.raw_bson import RawBSONDocument

    from warehouse.reading.shown import Shown

Row = dict[str, Any]

PORTION_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a query; what is taken from them holds no more than is shown to the subject."""

    _raw: list[RawBSONDocument]
    _shown: Shown
    _options: CodecOptions[Row]

    def __len__(self) -> int:
        return len(self._raw)

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(self.portions())

    def first(self, number: int) -> Rows:
        """Return the first rows of these."""
        return Rows(self._raw[:number], self._shown, self._options)

    def portions(self) -> Iterator[list[Row]]:
        """Give the rows in their order, in lists of a few."""
        taken: list[bytes | memoryview] = []
        size = 0
        for raw in self._raw:
            taken.append(raw.raw)
            size += len(raw.raw)
            if size >= PORTION_BYTES:
                yield self._decode(taken)
                taken, size = [], 0
        if taken:
            yield self._decode(taken)

    def of_last(self, key: str) -> Any:
        """Return a value of the last row that is beside the ERP's document."""
        value = self._raw[-1].get(key)  # what is within it is still raw
        return bson.decode(bson.encode({"value": value}), self._options)["value"]

    def _decode(self, raw: list[bytes | memoryview]) -> list[Row]:
        rows = bson.decode_all(b"".join(raw), self._options)
        return [show(row, self._shown) for row in rows]


def show(row: Row, shown: Shown) -> Row:
    """Return the row with no more of its document than is shown."""
    row["document_data"] = shown.strip(row.get("document_data", {}))
    return row
