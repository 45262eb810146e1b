"""Read and write how far each DocType's sync is: compare-and-set on the lease's token."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from warehouse.documents.control import SyncState
from warehouse.errors import LeaseLost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.ingestion.session import Session


async def read_states(instance: str) -> dict[str, SyncState]:
    """Return DocType → state of an instance."""
    return {state.doctype: state async for state in SyncState.find(SyncState.instance == instance)}


async def queue_names(session: Session, doctype: str, names: Iterable[str]) -> None:
    """Remember documents of a DocType that changed without a new `modified`, to be pulled."""
    await _update(session, doctype, {"$addToSet": {"queued": {"$each": list(names)}}}, {})


async def unqueue(session: Session, doctype: str, names: Iterable[str]) -> None:
    """Forget queued documents that were pulled."""
    pulled = list(names)
    if pulled:
        await _update(session, doctype, {"$pullAll": {"queued": pulled}}, {})


async def write_state(session: Session, doctype: str, changes: dict[str, Any]) -> None:
    """Change the state of a DocType.

    Raises:
        LeaseLost: if a later holder has written it already.
    """
    await _update(session, doctype, {}, changes)


async def _update(
    session: Session, doctype: str, operators: dict[str, Any], changes: dict[str, Any]
) -> None:
    not_later = {"$not": {"$gt": session.lease.token}}
    for _ in range(2):
        # Twice: of two first writes of ours at once, one meets the state that the other makes.
        with suppress(DuplicateKeyError):
            await SyncState.get_pymongo_collection().update_one(
                {"instance": session.instance, "doctype": doctype, "token": not_later},
                {
                    "$set": changes | {"token": session.lease.token},
                    "$setOnInsert": _new(changes),
                    **operators,
                },
                upsert=True,
            )
            return
    raise LeaseLost(
        f"A later run has already gone on with {doctype} of {session.instance}.",
        cure="Nothing to do: the other process does the work.",
        instance=session.instance,
    )


def _new(changes: dict[str, Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"outcome": "running", "documents": 0}
    return {key: value for key, value in defaults.items() if key not in changes}
