"""The walk catches an engine that is broken: without this it would prove nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pymongo import UpdateOne

from tests.model.walk import make_walk, play
from warehouse.documents import tombstones
from warehouse.documents.control import SyncState
from warehouse.ingestion import departures, single, state, storing
from warehouse.ingestion.lease import HeldLease
from warehouse.ingestion.pull import Puller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from warehouse.ingestion.session import Session

pytestmark = pytest.mark.usefixtures("store")


def do_not_ask_again(patch: pytest.MonkeyPatch) -> None:
    """Believe an inventory: who is not in it has left."""

    async def confirm(_task: Any, absent: Iterable[Any], *_: Any) -> list[Any]:
        return list(absent)

    patch.setattr(departures, "_confirm", confirm)


def do_not_fence(patch: pytest.MonkeyPatch) -> None:
    """Write whoever holds the lease."""

    async def assert_held(_lease: HeldLease) -> None:
        return

    def write_model(_session: Session, doctype: str, entry: Any) -> UpdateOne:
        which = {"doctype": doctype, "name": entry.name}
        return UpdateOne(which, {"$set": entry.fields}, upsert=True)

    async def update(session: Session, doctype: str, operators: Any, changes: Any) -> None:
        changes = changes | {"token": session.lease.token}
        await SyncState.get_pymongo_collection().update_one(
            {"instance": session.instance, "doctype": doctype},
            {"$set": changes, "$setOnInsert": state._new(changes), **operators},
            upsert=True,
        )

    patch.setattr(HeldLease, "assert_held", assert_held)
    patch.setattr(storing, "_write_model", write_model)
    patch.setattr(state, "_update", update)


def hash_the_modified_alone(patch: pytest.MonkeyPatch) -> None:
    """Take a document for the same that has the same `modified`."""

    def hash_content(document: dict[str, Any]) -> str:
        return str(document.get("modified"))

    patch.setattr(storing, "hash_content", hash_content)
    patch.setattr(single, "hash_content", hash_content)


def bury_by_name(patch: pytest.MonkeyPatch) -> None:
    """Keep one tombstone for all bearers of a name."""

    def open_tombstone(doctype: str, lifetime: Any) -> dict[str, Any]:
        return {"doctype": doctype, "name": lifetime[0], "restored_at": None}

    patch.setattr(tombstones, "_open_tombstone", open_tombstone)


class Unchanged(dict[str, Any]):
    """Says of every parent that it is there, with whatever version one expects."""

    def __contains__(self, _name: object) -> bool:
        return True

    def __getitem__(self, _name: str) -> Any:
        return Anything()


class Anything:
    """Differs from nothing."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, _other: object) -> bool:
        return True

    def __ne__(self, _other: object) -> bool:
        return False


def do_not_pull_again(patch: pytest.MonkeyPatch) -> None:
    """Store a parent with its children, whatever happened between the two requests."""

    async def read_versions(*_: Any) -> Unchanged:
        return Unchanged()

    patch.setattr(Puller, "_read_versions", read_versions)


# Each broken engine, and a seed near which a walk finds it out.
MUTANTS: dict[Callable[[pytest.MonkeyPatch], None], int] = {
    do_not_ask_again: 14,
    do_not_fence: 17,
    hash_the_modified_alone: 1,
    bury_by_name: 3,
    do_not_pull_again: 11,
}
SEEDS = 6


@pytest.mark.parametrize("mutate", MUTANTS, ids=lambda mutate: mutate.__name__)
async def test_a_broken_engine_is_caught(
    mutate: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
):
    mutate(monkeypatch)
    for seed in range(MUTANTS[mutate], MUTANTS[mutate] + SEEDS):
        try:
            await play(make_walk(seed))
        except AssertionError:
            return
    pytest.fail(f"{SEEDS} walks went well with {mutate.__doc__}")
