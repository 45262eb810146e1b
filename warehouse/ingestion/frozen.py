"""DocTypes out of sight of which documents are stored: these stand still, and somebody must decide.

Loss of sight deletes nothing and is no failure of a run, but figures go on being made of what is
stored. What the instance's INCLUDE and EXCLUDE leave out has been decided about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.documents.control import Failure, SyncState
from warehouse.documents.standing import FROZEN
from warehouse.erpnext.policy import is_selected

if TYPE_CHECKING:
    from warehouse.ingestion.catalog import Catalog
    from warehouse.ingestion.session import Session

NAMED = 10


async def find_frozen(session: Session, catalog: Catalog) -> list[Failure]:
    """Return what stands still: DocTypes denied to the key, and those no longer listed."""
    erp = session.erp
    frozen = SyncState.find({"instance": session.instance, "frozen_at": {"$ne": None}})
    states = [
        state
        async for state in frozen.sort("doctype")
        if is_selected(state.doctype, erp.include, erp.exclude)
    ]
    named = {"doctype": {"$in": [state.doctype for state in states]}}
    stored = set(await session.documents.distinct("doctype", named)) if states else set()
    kept = [state for state in states if state.doctype in stored]
    denied = [state for state in kept if state.doctype in catalog.entries]
    unlisted = [state for state in kept if state.doctype not in catalog.entries]
    exclude = f"ERP__{session.instance.upper()}__EXCLUDE"
    return [
        *_tell(
            denied,
            "The key may not read any more",
            "Give the integration user back a role that reads them (csa check --all names it); or, "
            f"if they are to stay as they are, name them in {exclude}.",
        ),
        *_tell(
            unlisted,
            "The site does not list any more, or not as DocTypes with documents",
            "See in the ERP whether they were removed on purpose. If so, name them in "
            f"{exclude}: what is stored stays; csa forget erases a document.",
        ),
    ]


def _tell(states: list[SyncState], what: str, cure: str) -> list[Failure]:
    if not states:
        return []
    names = [f"{one.doctype} (since {one.frozen_at:%Y-%m-%d})" for one in states[:NAMED]]
    more = f" and {len(states) - NAMED} more" if len(states) > NAMED else ""
    message = f"{what}: {', '.join(names)}{more}. Nothing was removed; what is stored stands still."
    return [Failure(code=FROZEN, message=message, cure=cure)]
