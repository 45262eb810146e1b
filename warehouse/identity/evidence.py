"""What tells that two party records are one (C12): GSTIN, PAN, mobile with name, bank account.

Identifiers are read, compared and forgotten here. None of them is kept with a row of a dataset,
nor anything made of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz

from warehouse.cleaning.names import normalise_name
from warehouse.identity.matching import Evidence, RecordKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Row = Mapping[str, Any]

GSTIN, PAN, MOBILE, BANK = "gstin", "pan", "mobile_and_name", "bank_account"
# Method → confidence, strongest first.
CONFIDENCE = {GSTIN: 1.0, PAN: 0.98, MOBILE: 0.9, BANK: 0.9}
LEAST_SIMILARITY = 0.85

_GSTIN = re.compile(r"\d{2}([A-Z]{5}\d{4}[A-Z])[0-9A-Z]Z[0-9A-Z]")
_PAN = re.compile(r"[A-Z]{5}\d{4}[A-Z]")
_MOBILE = re.compile(r"[6-9]\d{9}")
_MOBILE_DIGITS = 10
_ACCOUNT_DIGITS = 9


@dataclass(slots=True)
class Evidences:
    """The identifiers of all records, by kind and value; fill it record by record."""

    by_value: dict[tuple[str, str], set[RecordKey]] = field(
        default_factory=lambda: defaultdict(set)
    )
    names: dict[RecordKey, str] = field(default_factory=dict)

    def add(self, key: RecordKey, row: Row, name: str) -> None:
        """Take in the identifiers of a party's document, or of an address or contact of it."""
        for kind, value in read_identifiers(row):
            self.by_value[kind, value].add(key)
            if kind == MOBILE:
                self.names[key] = normalise_name(name)

    def add_account(self, key: RecordKey, row: Row) -> None:
        """Take in a party's Bank Account."""
        digits = re.sub(r"\W", "", str(row.get("bank_account_no") or row.get("iban") or ""))
        if len(digits) >= _ACCOUNT_DIGITS and len(set(digits)) > 1:
            # Two banks may use one number; without its bank it proves nothing.
            bank = str(row.get("bank") or "").casefold()
            if bank:
                self.by_value[BANK, f"{bank} {digits.upper()}"].add(key)

    def pairs(self) -> Iterator[Evidence]:
        """Yield the pairs of records that are one."""
        for rank, (method, confidence) in enumerate(CONFIDENCE.items()):
            for (kind, _), keys in self.by_value.items():
                if kind != method:
                    continue
                for first, second in self._pairs_of(kind, sorted(keys)):
                    yield Evidence(rank, method, confidence, first, second)

    def doubts(self) -> Iterator[tuple[RecordKey, RecordKey]]:
        """Yield pairs with one mobile number but unlike names: a person has to look at them."""
        for (kind, _), keys in self.by_value.items():
            if kind == MOBILE:
                ordered = sorted(keys)
                alike = set(self._alike(ordered))
                yield from (pair for pair in pairwise(ordered) if pair not in alike)

    def _pairs_of(self, kind: str, keys: list[RecordKey]) -> Iterator[tuple[RecordKey, RecordKey]]:
        return self._alike(keys) if kind == MOBILE else pairwise(keys)

    def _alike(self, keys: list[RecordKey]) -> Iterator[tuple[RecordKey, RecordKey]]:
        for position, first in enumerate(keys):
            for second in keys[position + 1 :]:
                if are_similar(self.names[first], self.names[second]):
                    yield first, second


def read_identifiers(row: Row) -> Iterator[tuple[str, str]]:
    """Yield kind and value of the well-formed identifiers in a document.

    What is not of an identifier's form ("NA", "URP", zeros) proves nothing. A PAN is also the
    middle of a GSTIN: offices of one company in two states are one party.
    """
    gstin = _plain(row.get("gstin") or row.get("tax_id"))
    if found := _GSTIN.fullmatch(gstin):
        yield GSTIN, gstin
        yield PAN, found.group(1)
    for field_name in ("pan", "pan_no", "tax_id"):
        pan = _plain(row.get(field_name))
        if _PAN.fullmatch(pan):
            yield PAN, pan
    for field_name in ("mobile_no", "mobile", "phone"):
        digits = re.sub(r"\D", "", str(row.get(field_name) or ""))[-_MOBILE_DIGITS:]
        if _MOBILE.fullmatch(digits) and len(set(digits)) > 1:
            yield MOBILE, digits


def are_similar(first: str, second: str) -> bool:
    """Say whether two normalised names are alike enough beside one mobile number."""
    if not first or not second:
        return False
    return fuzz.token_sort_ratio(first, second) >= LEAST_SIMILARITY * 100


def _plain(value: Any) -> str:
    return re.sub(r"\W", "", str(value or "")).upper()
