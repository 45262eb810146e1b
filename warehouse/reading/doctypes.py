"""The DocTypes that may be read: ordinary ones; all others are as good as absent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from time import monotonic
from typing import TYPE_CHECKING, Any

from warehouse.documents.control import CatalogEntry, SyncState
from warehouse.erpnext.policy import Policy, policy_of
from warehouse.errors import NotReadable
from warehouse.reading.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from warehouse.erpnext.meta import Meta
    from warehouse.reading.subject import Subject

REMEMBERED_S = 2.0
_OVERVIEW = {
    "_id": 0,
    "doctype": 1,
    "module": 1,
    "is_single": 1,
    "is_custom": 1,
    "policy": 1,
    "metas.title_field": 1,
}


@dataclass(frozen=True, slots=True)
class ServedDocType:
    """A DocType as reads know it; `verified_at`: its last complete inventory."""

    instance: str
    doctype: str
    module: str | None
    is_single: bool
    is_custom: bool
    metas: list[Meta]
    columns: Columns
    documents: int
    verified_at: datetime | None
    attempted_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Remembered:
    version: tuple[Any, ...]
    served: ServedDocType
    until: float


class DocTypes:
    """Looks DocTypes up, and remembers for two seconds: each read of a document needs its own."""

    def __init__(self, instances: Iterable[str], now_s: Callable[[], float] = monotonic) -> None:
        self.instances = tuple(instances)
        self._now_s = now_s
        self._remembered: dict[tuple[str, str], _Remembered] = {}

    async def get(self, subject: Subject, instance: str, doctype: str) -> ServedDocType:
        """Return a DocType that `subject` may read.

        Raises:
            NotReadable: if there is none such.
        """
        _ = subject  # until access control: whoever is let in may read every served DocType
        key = (instance, doctype)
        known = self._remembered.get(key)
        if known and known.until > self._now_s():
            return known.served
        if instance not in self.instances:
            raise NotReadable
        try:
            found = await _read(instance, doctype, known)
        except NotReadable:
            self._remembered.pop(key, None)
            raise
        until = self._now_s() + REMEMBERED_S
        self._remembered[key] = _Remembered(found.version, found.served, until)
        return found.served


async def list_served(subject: Subject, instance: str) -> list[dict[str, Any]]:
    """Return what is known of each DocType of an instance that `subject` may read, by name."""
    _ = subject
    states = {
        row["doctype"]: row
        async for row in SyncState.get_pymongo_collection().find({"instance": instance})
    }
    return [
        entry | {"state": states.get(entry["doctype"], {})}
        async for entry in CatalogEntry.get_pymongo_collection()
        .find({"instance": instance, "policy": Policy.ORDINARY}, _OVERVIEW)
        .sort("doctype")
        if _is_served(entry)
    ]


async def _read(instance: str, doctype: str, known: _Remembered | None) -> _Remembered:
    """Read a DocType's entry; its metas, which are long, only when they have changed."""
    catalog, key = CatalogEntry.get_pymongo_collection(), {"instance": instance, "doctype": doctype}
    entry = await catalog.find_one(key, {"metas": 0})
    if entry is None or not _is_served(entry):
        raise NotReadable
    version = (entry["_id"], entry["meta_version"])
    if known and known.version == version:
        metas, columns = known.served.metas, known.served.columns
    else:
        whole = await catalog.find_one(key, {"metas": 1, "meta_version": 1}) or entry
        version = (whole["_id"], whole["meta_version"])
        metas = whole.get("metas", [])
        columns = Columns.of(metas)
    state = await SyncState.get_pymongo_collection().find_one(key) or {}
    verified_at = state.get("verified_at")
    served = ServedDocType(
        instance=instance,
        doctype=doctype,
        module=entry.get("module"),
        is_single=entry["is_single"],
        is_custom=entry["is_custom"],
        metas=metas,
        columns=columns,
        documents=state.get("documents", 0),
        # In Python's own UTC: encoding the driver's, for every row, would call Python each time.
        verified_at=verified_at and verified_at.astimezone(UTC),
        attempted_at=state.get("attempted_at"),
    )
    return _Remembered(version, served, 0.0)


def _is_served(entry: dict[str, Any]) -> bool:
    """Say so if the catalog and the policy of this version both do."""
    now = policy_of(entry["doctype"], is_custom=entry["is_custom"])
    return now is Policy.ORDINARY and bool(entry["policy"] == Policy.ORDINARY)
