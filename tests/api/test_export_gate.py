"""Exports side by side: a few of each account, a few of all, and each gives its place back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.errors import describe
from api.export_gate import PER_ACCOUNT, PER_PROCESS, ExportGate
from warehouse.errors import TooManyExports

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def parts() -> AsyncIterator[bytes]:
    yield b"one"
    yield b"two"


async def broken() -> AsyncIterator[bytes]:
    yield b"one"
    raise RuntimeError


async def test_an_account_has_two_exports_at_once_until_one_ends():
    gate = ExportGate()
    first, second = (gate.hold("asha", parts()) for _ in range(PER_ACCOUNT))
    with pytest.raises(TooManyExports) as caught:
        gate.hold("asha", parts())
    assert describe(caught.value).status == 429
    assert [part async for part in gate.hold("ravi", parts())] == [b"one", b"two"]
    assert [part async for part in first] == [b"one", b"two"]
    assert gate.hold("asha", parts()) is not second


async def test_all_accounts_together_have_a_few():
    gate = ExportGate()
    held = [gate.hold(f"account {number}", parts()) for number in range(PER_PROCESS)]
    with pytest.raises(TooManyExports):
        gate.hold("another", parts())
    assert len(held) == PER_PROCESS


async def test_an_export_that_breaks_or_is_never_read_gives_its_place_back():
    gate = ExportGate()
    for _ in range(PER_PROCESS):
        with pytest.raises(RuntimeError):
            [part async for part in gate.hold("asha", broken())]
        gate.hold("asha", parts())
    assert gate.running.total() == 0
