"""The DocTypes that a subject may read; all others are as good as absent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from time import monotonic
from typing import TYPE_CHECKING, Any

from warehouse.access.verdict import Access
from warehouse.documents.control import CatalogEntry, SyncState
from warehouse.erpnext.policy import Policy, policy_of
from warehouse.errors import NotReadable
from warehouse.reading.sessions import Sessions
from warehouse.reading.view import View
from warehouse.sharing import Sharing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from warehouse.access.snapshots import Snapshots
    from warehouse.reading.columns import Columns
    from warehouse.reading.subject import Subject

REMEMBERED_S = 2.0
MOST_REMEMBERED = 10_000
_Key = tuple[str, str, str]
_OVERVIEW = {"_id": 0, "doctype": 1, "module": 1, "is_single": 1, "is_custom": 1, "policy": 1}


@dataclass(frozen=True, slots=True)
class ServedDocType:
    """A DocType as a subject's reads know it.

    `stored`: its documents, whoever may see them. `verified_at`: its last complete inventory.
    """

    instance: str
    doctype: str
    module: str | None
    is_single: bool
    is_custom: bool
    view: View
    stored: int
    verified_at: datetime | None
    attempted_at: datetime | None

    @property
    def columns(self) -> Columns:
        """What can be asked for."""
        return self.view.columns

    @property
    def documents(self) -> int | None:
        """How many documents there are; None where the subject may see only some of them."""
        return self.stored if self.view.access.is_unrestricted else None


@dataclass(frozen=True, slots=True)
class ListedDocType:
    """A DocType among others; its values are as those of `ServedDocType`."""

    doctype: str
    module: str | None
    title_field: str | None
    is_single: bool
    is_custom: bool
    documents: int | None
    stored: int
    verified_at: datetime | None
    attempted_at: datetime | None


class DocTypes:
    """Looks DocTypes up for a subject, and remembers for two seconds: each read needs its own."""

    def __init__(
        self,
        instances: Iterable[str],
        snapshots: Snapshots,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self.sessions = Sessions()
        self._instances = frozenset(instances)
        self._snapshots = snapshots
        self._now_s = now_s
        self._remembered: dict[_Key, tuple[float, ServedDocType]] = {}
        self._asking: Sharing[tuple[_Key, int], ServedDocType] = Sharing()

    async def get(self, subject: Subject, instance: str, doctype: str) -> ServedDocType:
        """Return a DocType that `subject` may read.

        Raises:
            NotReadable: if there is none such, or nothing of it for this subject.
            AccessSnapshotStale: if nobody knows who may read there.
        """
        user = self._user_of(subject, instance)
        access = await self._snapshots.compile(instance, user, doctype)
        if not isinstance(access, Access):
            raise NotReadable
        key = (user, instance, doctype)
        if (known := self._recall(key, access)) is not None:
            return known
        # By the access itself: another snapshot may be in force since somebody asked.
        asked = (key, id(access))
        return await self._asking.ask(asked, lambda: self._look_up(key, access))

    def _recall(self, key: _Key, access: Access) -> ServedDocType | None:
        until, known = self._remembered.get(key, (0.0, None))
        is_valid = known is not None and known.view.access is access and self._now_s() < until
        return known if is_valid else None

    async def _look_up(self, key: _Key, access: Access) -> ServedDocType:
        _, known = self._remembered.pop(key, (0.0, None))
        view = known.view if known and known.view.access is access else View.of(access)
        until = self._now_s() + REMEMBERED_S
        served = await _read(view)
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = (until, served)
        return served

    async def list_served(self, subject: Subject, instance: str) -> list[ListedDocType]:
        """Return each DocType of an instance that `subject` may read, by name.

        Raises:
            NotReadable: if the subject has no user there.
            AccessSnapshotStale: if nobody knows who may read there.
        """
        user = self._user_of(subject, instance)
        states = SyncState.get_pymongo_collection().find({"instance": instance})
        state_of = {row["doctype"]: row async for row in states}
        entries = CatalogEntry.get_pymongo_collection().find(
            {"instance": instance, "policy": Policy.ORDINARY}, _OVERVIEW
        )
        return [
            _summarise(entry, state_of.get(entry["doctype"], {}), access)
            async for entry in entries.sort("doctype")
            if _is_served(entry)
            and isinstance(
                access := await self._snapshots.compile(instance, user, entry["doctype"]), Access
            )
        ]

    def _user_of(self, subject: Subject, instance: str) -> str:
        user = subject.users.get(instance)
        if user is None or instance not in self._instances:
            raise NotReadable
        return user


async def _read(view: View) -> ServedDocType:
    """Look up what is stored of a DocType."""
    key = {"instance": view.access.instance, "doctype": view.access.doctype}
    entry = await CatalogEntry.get_pymongo_collection().find_one(key, _OVERVIEW)
    if entry is None or not _is_served(entry):
        raise NotReadable
    state = await SyncState.get_pymongo_collection().find_one(key) or {}
    verified_at = state.get("verified_at")
    return ServedDocType(
        instance=view.access.instance,
        doctype=view.access.doctype,
        module=entry.get("module"),
        is_single=entry["is_single"],
        is_custom=entry["is_custom"],
        view=view,
        stored=state.get("documents", 0),
        # In Python's own UTC: encoding the driver's, for every row, would call Python each time.
        verified_at=verified_at and verified_at.astimezone(UTC),
        attempted_at=state.get("attempted_at"),
    )


def _summarise(entry: dict[str, Any], state: dict[str, Any], access: Access) -> ListedDocType:
    title_field, stored = access.metas[0].get("title_field"), state.get("documents", 0)
    return ListedDocType(
        doctype=entry["doctype"],
        module=entry.get("module"),
        title_field=None if title_field in access.hidden else title_field,
        is_single=entry["is_single"],
        is_custom=entry["is_custom"],
        documents=stored if access.is_unrestricted else None,
        stored=stored,
        verified_at=state.get("verified_at"),
        attempted_at=state.get("attempted_at"),
    )


def _is_served(entry: dict[str, Any]) -> bool:
    """Say so if the catalog and the policy of this version both do."""
    now = policy_of(entry["doctype"], is_custom=entry["is_custom"], is_single=entry["is_single"])
    return now is Policy.ORDINARY and bool(entry["policy"] == Policy.ORDINARY)
