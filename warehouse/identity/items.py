"""Which items of several instances are one (C13): by barcode, HSN with name and pack, or curation.

A name alone never makes two items one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from warehouse.identity.item_traits import find_pack, strip_pack
from warehouse.identity.matching import Evidence, RecordKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Row = Mapping[str, Any]

BARCODE, HSN = "barcode", "hsn_name_and_pack"
MARK_FIELDS = ("gst_hsn_code", "barcodes.barcode")
# Who may not see one of these in all documents is not told which items are one.
ITEM_EVIDENCE = tuple(f"Item.{field}" for field in ("item_name", *MARK_FIELDS))
CONFIDENCE = {BARCODE: 1.0, HSN: 0.9}

_BARCODE = re.compile(r"\d{8}|\d{12,14}")
_HSN = re.compile(r"\d{4,8}")


@dataclass(slots=True)
class ItemEvidences:
    """What tells items apart, by kind and value; fill it item by item."""

    by_value: dict[tuple[str, str], set[RecordKey]] = field(
        default_factory=lambda: defaultdict(set)
    )

    def add(self, key: RecordKey, row: Row) -> None:
        """Take in an Item's document."""
        for kind, value in read_marks(row):
            self.by_value[kind, value].add(key)

    def pairs(self) -> Iterator[Evidence]:
        """Yield the pairs of items that are one."""
        ranks = {method: rank for rank, method in enumerate(CONFIDENCE)}
        for (kind, _), keys in self.by_value.items():
            for first, second in pairwise(sorted(keys)):
                yield Evidence(ranks[kind], kind, CONFIDENCE[kind], first, second)


def read_marks(row: Row) -> Iterator[tuple[str, str]]:
    """Yield kind and value of what an item can be recognised by."""
    for barcode in row.get("barcodes") or ():
        digits = str(barcode.get("barcode") or "").strip()
        # EAN-13 is a GTIN-14 with a leading zero, and so on.
        if _BARCODE.fullmatch(digits) and digits.strip("0"):
            yield BARCODE, digits.zfill(14)
    hsn = str(row.get("gst_hsn_code") or "").strip()
    name = str(row.get("item_name") or "")
    pack = find_pack(name)
    if _HSN.fullmatch(hsn) and pack and (stripped := strip_pack(name)):
        yield HSN, f"{hsn} {stripped} {pack[1]:f} {pack[0]}"
