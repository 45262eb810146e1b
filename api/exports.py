"""Rows as files: CSV for spreadsheets, NDJSON for programs, streamed as MongoDB yields them."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from api.answers import encode
from api.audit import note_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from api.requests import ApiRequest


BATCH_ROWS = 500
CSV_TYPE, NDJSON_TYPE = "text/csv", "application/x-ndjson"
# Excel takes a file without it for one in the code page of its own country.
BOM = b"\xef\xbb\xbf"
# A cell that begins so is a formula to a spreadsheet, and a formula can send data away.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


async def stream_csv(
    rows: AsyncIterator[Mapping[str, Any]], names: Sequence[str], request: ApiRequest
) -> AsyncIterator[bytes]:
    """Yield a CSV file of rows: the columns `names`, text defused of formulas."""
    yield BOM + _format_csv([names])
    async for batch in _in_batches(rows, request):
        yield _format_csv([[_cell(row.get(name)) for name in names] for row in batch])


async def stream_ndjson(
    rows: AsyncIterator[Mapping[str, Any]], request: ApiRequest
) -> AsyncIterator[bytes]:
    """Yield a line of JSON for each row."""
    async for batch in _in_batches(rows, request):
        yield b"".join(encode(row) + b"\n" for row in batch)


async def _in_batches(
    rows: AsyncIterator[Mapping[str, Any]], request: ApiRequest
) -> AsyncIterator[list[Mapping[str, Any]]]:
    batch: list[Mapping[str, Any]] = []
    sent = 0
    note_rows(request, sent)
    async for row in rows:
        batch.append(row)
        if len(batch) == BATCH_ROWS:
            sent += len(batch)
            note_rows(request, sent)
            yield batch
            batch = []
    if batch:
        note_rows(request, sent + len(batch))
        yield batch


def _format_csv(lines: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode("utf-8")


def _cell(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return "" if value is None else value
