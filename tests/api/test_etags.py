"""ETags: they tell that something changed, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from api.etags import Etags

KEY, HASH, VIEW = "key", "c0ffee" * 6, "beef" * 8
ROW = {"content_hash": HASH, "synced_at": datetime(2026, 11, 26, tzinfo=UTC)}


def make(key: str = KEY, view: str = VIEW, **changed: Any) -> str:
    doctype: Any = SimpleNamespace(view=SimpleNamespace(digest=view), verified_at=None)
    return Etags(key).make({**ROW, **changed}, doctype)


def test_the_hash_of_the_whole_document_can_not_be_read_from_it():
    assert HASH not in make()
    assert VIEW not in make()


def test_nobody_makes_the_etag_of_a_guessed_document_without_the_key():
    assert make() != make("another key")


def test_it_stays_while_nothing_changes_and_changes_with_each_part():
    assert make() == make()
    later = datetime(2026, 11, 27, tzinfo=UTC)
    changed = [make(), make(content_hash="x"), make(view="x"), make(synced_at=later)]
    assert len(set(changed)) == 4
