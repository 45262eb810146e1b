"""Files of rows: what a spreadsheet makes of them, and what it must not."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from api.exports import BOM, stream_csv, stream_ndjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def rows_of(*rows: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    for row in rows:
        yield row


async def write_csv(*rows: dict[str, Any]) -> bytes:
    request: Any = SimpleNamespace(scope={})
    return b"".join([part async for part in stream_csv(rows_of(*rows), list(rows[0]), request)])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
async def test_text_that_would_be_a_formula_is_defused(text: str):
    written = (await write_csv({"name": text})).decode("utf-8-sig")
    _, [cell] = csv.reader(io.StringIO(written, newline=""))
    assert cell == f"'{text}"


async def test_negative_amounts_stay_numbers_with_all_their_digits():
    written = await write_csv({"net": Decimal("-0.10"), "big": Decimal("1E+3"), "none": None})
    assert written.splitlines()[1] == b"-0.10,1000,"


async def test_text_with_quotes_commas_and_lines_survives():
    text = 'He said, "no"\nand left, రైతు'
    written = await write_csv({"remarks": text, "customer": "A"})
    assert written.startswith(BOM)
    lines = csv.reader(io.StringIO(written.decode("utf-8-sig"), newline=""))
    assert list(lines) == [["remarks", "customer"], [text, "A"]]


async def test_lines_of_json_hold_exact_numbers_and_are_counted_for_the_audit():
    request: Any = SimpleNamespace(scope={})
    rows = rows_of({"net": Decimal("0.10")}, *({"net": Decimal(n)} for n in range(1000)))
    written = b"".join([part async for part in stream_ndjson(rows, request)])
    assert written.splitlines()[0] == b'{"net":0.10}'
    assert written.count(b"\n") == 1001
    assert request.scope == {"audited_rows": 1001}
