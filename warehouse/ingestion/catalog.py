"""Which DocTypes an instance has, which of them are synced, and their merged metas.

A merged meta costs 50 to 200 ms, so it is read for DocTypes that have documents only, and again
only when its DocType, one of its child tables, a Custom Field or a Property Setter of theirs was
changed, which three cheap lists tell (`getdoctype`'s own time stamp knows the DocType alone).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from warehouse.documents.control import CatalogEntry
from warehouse.documents.drift import Drift, DriftEvent, record_drift
from warehouse.erpnext.meta import Shape, trim_meta
from warehouse.erpnext.policy import is_selected, policy_of
from warehouse.erpnext.query import ListQuery
from warehouse.ingestion.drift import compare_metas
from warehouse.ingestion.state import write_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.ingestion.drift import FieldDrift
    from warehouse.ingestion.session import Session

DOCTYPE_COLUMNS = ("name", "module", "istable", "issingle", "is_virtual", "custom", "modified")


@dataclass(slots=True)
class Catalog:
    """The DocTypes to sync, and when the definition of each DocType last changed."""

    entries: dict[str, CatalogEntry]
    changes: dict[str, str]

    def fingerprint(self, doctypes: Iterable[str]) -> str:
        """Return a digest of the change times of `doctypes`: a DocType and its child tables."""
        times = [f"{doctype}={self.changes.get(doctype)}" for doctype in sorted(doctypes)]
        return blake2b("\n".join(times).encode(), digest_size=16).hexdigest()


async def read_catalog(session: Session) -> Catalog:
    """Read which DocTypes there are, and remember those that are synced.

    Three lists, whatever their number. Child, virtual, excluded and unstored DocTypes are left out;
    one that was synced before is remembered as unlisted. What came or went is a drift event.
    """
    rows = await session.client.list_rows(ListQuery("DocType", DOCTYPE_COLUMNS))
    known = {
        entry.doctype: entry
        async for entry in CatalogEntry.find(CatalogEntry.instance == session.instance)
    }
    entries = {row["name"]: _entry(session, row) for row in rows if _is_synced(session, row)}
    for doctype in entries.keys() & known.keys():
        _keep_metas(entries[doctype], known[doctype])
    if not session.only_looks:
        await _save_changes(session, known, entries)
    return Catalog(entries, await _read_changes(session, rows))


async def read_shape(session: Session, catalog: Catalog, entry: CatalogEntry) -> Shape:
    """Return the shape of a DocType's documents, reading its metas when they are not known."""
    await refresh_metas(session, catalog, entry)
    return Shape.of(entry.metas)


async def refresh_metas(
    session: Session, catalog: Catalog, entry: CatalogEntry, *, at_any_rate: bool = False
) -> bool:
    """Read a DocType's metas if they changed, and record the drift.

    Returns whether stored documents may look different now without a new `modified`; the DocType is
    due for a full reading then, which its state says before the catalog forgets the change.
    """
    names = [meta["name"] for meta in entry.metas]
    if names and not at_any_rate and entry.fingerprint == catalog.fingerprint(names):
        return False
    metas = [trim_meta(meta) for meta in await session.client.read_metas(entry.doctype)]
    drifts = compare_metas(entry.metas, metas) if entry.metas else []
    moves_data = any(drift.moves_data for drift in drifts)
    if session.only_looks:
        entry.metas = metas
        return moves_data
    if moves_data:
        await write_state(session, entry.doctype, {"reread_at": None})
    entry.fingerprint = catalog.fingerprint(meta["name"] for meta in metas)
    if metas != entry.metas:
        entry.metas = metas
        entry.meta_version += 1
        entry.changed_at = session.clock()
    await record_drift([_event(session, entry, drift) for drift in drifts])
    await _save([entry])
    return moves_data


def _event(session: Session, entry: CatalogEntry, drift: FieldDrift) -> DriftEvent:
    return DriftEvent(
        instance=session.instance,
        doctype=entry.doctype,
        drift=drift.drift,
        field=drift.field,
        before=drift.before,
        after=drift.after,
        meta_version=entry.meta_version,
        run_id=session.run_id,
        at=session.clock(),
    )


async def _save_changes(
    session: Session, known: dict[str, CatalogEntry], entries: dict[str, CatalogEntry]
) -> None:
    left = [entry for name, entry in known.items() if name not in entries and entry.is_listed]
    await record_drift(_compare_catalogs(session, known, entries, left))
    for entry in left:
        entry.is_listed = False
    await _save([entry for name, entry in entries.items() if entry != known.get(name)] + left)


def _compare_catalogs(
    session: Session,
    known: dict[str, CatalogEntry],
    entries: dict[str, CatalogEntry],
    left: list[CatalogEntry],
) -> list[DriftEvent]:
    if not known:
        return []
    drifts = {entry.doctype: Drift.DOCTYPE_REMOVED for entry in left}
    for doctype, entry in entries.items():
        before = known.get(doctype)
        if before is None or not before.is_listed:
            drifts[doctype] = Drift.DOCTYPE_ADDED
        elif before.is_single != entry.is_single:
            drifts[doctype] = Drift.DOCTYPE_KIND_CHANGED
    return [
        DriftEvent(
            instance=session.instance,
            doctype=doctype,
            drift=drift,
            run_id=session.run_id,
            at=session.clock(),
        )
        for doctype, drift in sorted(drifts.items())
    ]


async def _read_changes(session: Session, doctypes: list[dict[str, Any]]) -> dict[str, str]:
    """Return DocType → when it or a customization of it was changed, and how many there are."""
    changes: dict[str, list[str]] = defaultdict(list)
    for row in doctypes:
        changes[row["name"]].append(f"{row['modified']}")
    for customization, column in (("Custom Field", "dt"), ("Property Setter", "doc_type")):
        query = ListQuery(customization, ("name", column, "modified"))
        for row in await session.client.list_rows(query):
            changes[row[column]].append(f"{row['name']}@{row['modified']}")
    return {doctype: ";".join(sorted(parts)) for doctype, parts in changes.items()}


def _is_synced(session: Session, row: dict[str, Any]) -> bool:
    return (
        not row["istable"]
        and not row["is_virtual"]
        and policy_of(row["name"], is_custom=bool(row["custom"])).is_stored
        and is_selected(row["name"], session.erp.include, session.erp.exclude)
    )


def _entry(session: Session, row: dict[str, Any]) -> CatalogEntry:
    return CatalogEntry(
        instance=session.instance,
        doctype=row["name"],
        module=row["module"],
        is_single=bool(row["issingle"]),
        is_custom=bool(row["custom"]),
        policy=policy_of(
            row["name"], is_custom=bool(row["custom"]), is_single=bool(row["issingle"])
        ),
    )


def _keep_metas(entry: CatalogEntry, known: CatalogEntry) -> None:
    entry.id = known.id
    entry.metas = known.metas
    entry.meta_version = known.meta_version
    entry.fingerprint = known.fingerprint
    entry.changed_at = known.changed_at


async def _save(entries: Iterable[CatalogEntry]) -> None:
    writes = [
        UpdateOne(
            {"instance": entry.instance, "doctype": entry.doctype},
            {"$set": entry.model_dump(exclude={"id", "revision_id"})},
            upsert=True,
        )
        for entry in entries
    ]
    if writes:
        await CatalogEntry.get_pymongo_collection().bulk_write(writes, ordered=False)
