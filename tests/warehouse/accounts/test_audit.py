"""The audit's writing: what one entry or one moment does must not cost the others."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from warehouse.accounts import audit
from warehouse.accounts.audit import AuditTrail, Client, Event, read_audit

HERE = Client("203.0.113.7", "request")
pytestmark = pytest.mark.usefixtures("database")


async def note(trail: AuditTrail, name: str, **details: Any) -> None:
    await trail.note(Event.READ, None, HERE, name=name, **details)


async def list_names() -> list[str | None]:
    return sorted(entry.name or "" for entry in await read_audit(None, 1000))


async def test_an_entry_that_can_not_be_stored_is_counted_and_the_others_are_written(
    caplog: pytest.LogCaptureFixture,
):
    trail = AuditTrail()
    for name, asked in (("one", [["a", "b"]]), ("bad", {"\0": 1}), ("big", 2**70), ("two", None)):
        await note(trail, name, asked=asked)
    await trail.flush()
    assert await list_names() == ["one", "two"]
    assert caplog.messages == ["2 audit entries can't be stored."]


async def test_what_was_written_before_the_answer_got_lost_is_written_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    trail = AuditTrail()
    insert = audit._insert

    async def insert_and_lose_the_answer(entries: list[dict[str, Any]]) -> None:
        await insert(entries)
        raise AutoReconnect

    await note(trail, "one")
    monkeypatch.setattr(audit, "_insert", insert_and_lose_the_answer)
    with pytest.raises(AutoReconnect):
        await trail.flush()
    monkeypatch.setattr(audit, "_insert", insert)
    await note(trail, "two")
    await trail.flush()
    assert await list_names() == ["one", "two"]
    assert caplog.messages == []


async def test_writing_goes_on_after_an_error_of_any_kind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    insert, failures = audit._insert, [ValueError("what was audited"), AutoReconnect("secret")]

    async def fail_at_first(entries: list[dict[str, Any]]) -> None:
        if failures:
            raise failures.pop()
        await insert(entries)
        written.set()

    written = asyncio.Event()
    monkeypatch.setattr(audit, "_insert", fail_at_first)
    monkeypatch.setattr(audit, "FLUSH_EVERY_S", 0.01)
    trail = AuditTrail()
    with caplog.at_level(logging.ERROR):
        async with trail.kept_up():
            await note(trail, "one")
            async with asyncio.timeout(10):
                await written.wait()
    assert await list_names() == ["one"]
    assert [("AutoReconnect" in told, "ValueError" in told) for told in caplog.messages] == [
        (True, False),
        (False, True),
    ]
    assert "secret" not in caplog.text


async def test_an_entry_that_is_noted_while_nothing_can_be_written_waits(
    monkeypatch: pytest.MonkeyPatch,
):
    insert = audit._insert

    async def fail(_: list[dict[str, Any]]) -> None:
        raise AutoReconnect

    monkeypatch.setattr(audit, "FLUSH_AT", 1)
    monkeypatch.setattr(audit, "_insert", fail)
    trail = AuditTrail()
    await note(trail, "one")
    monkeypatch.setattr(audit, "_insert", insert)
    await note(trail, "two")
    assert await list_names() == ["one", "two"]
