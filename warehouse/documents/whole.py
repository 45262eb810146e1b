"""Since when all that is stored of a DocType, and all that is built of it, was read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.documents.control import Outcome, SyncState
from warehouse.documents.datasets import DatasetPointer
from warehouse.documents.raw import raw_model
from warehouse.documents.rejected import read_rejected_names

if TYPE_CHECKING:
    from datetime import datetime


async def read_whole(instance: str) -> dict[str, datetime | None]:
    """Return each DocType of which documents are stored → when their last whole reading began.

    None: there was none; some are kept that the ERP does not list or that could not be replaced;
    or datasets have rows that may be of before.
    """
    doctypes: list[str] = await raw_model(instance).get_pymongo_collection().distinct("doctype")
    states = {state.doctype: state async for state in SyncState.find({"instance": instance})}
    rejected = await read_rejected_names(instance)
    built = await _read_built(instance)
    whole = dict.fromkeys(doctypes)
    for doctype in whole:
        state = states.get(doctype)
        if state is None or state.outcome is Outcome.SUSPECT or doctype in rejected:
            continue
        is_built = built is None or (state.attempted_at and state.attempted_at <= built)
        whole[doctype] = state.reread_at if is_built else None
    return whole


async def _read_built(instance: str) -> datetime | None:
    """Return the time from which on all that datasets have of an instance is; None: they have none.

    Snapshots of a day are left out: they are what was known then.
    """
    looked_at = [
        part.looked_at or part.built_at
        async for pointer in DatasetPointer.find({"live.slot.instance": instance})
        for part in pointer.live
        if part.slot.instance == instance and not part.slot.as_of
    ]
    return min(looked_at, default=None)
