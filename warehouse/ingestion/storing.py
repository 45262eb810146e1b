"""Store assembled documents: only those whose content differs, and each that can't be kept aside.

A document is replaced by its own or a later run only: run ids sort in the order of the leases, so
that a holder that was asleep meets a duplicate key instead of overwriting newer content.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bson
import msgspec
from bson.errors import InvalidDocument
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DocumentTooLarge, OperationFailure

from warehouse.documents.control import RejectedDocument
from warehouse.documents.raw import read_contents
from warehouse.documents.rejected import keep_rejected
from warehouse.documents.tombstones import has_tombstones, mark_restored, settle_restored
from warehouse.errors import DocumentRejected, LeaseLost
from warehouse.ingestion.assembly import hash_content

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from warehouse.documents.control import DocTypeReport
    from warehouse.documents.raw import StoredVersion
    from warehouse.documents.tombstones import Lifetime
    from warehouse.ingestion.session import Session

    Bury = Callable[[Sequence[Lifetime]], Awaitable[None]]

DUPLICATE_KEY = 11000
# BSONObjectTooLarge, and what an update or an upsert of such a document is refused with.
TOO_LARGE = frozenset({10334, 17419, 17420})
MAX_BSON_BYTES = 16 * 1024 * 1024
MAX_RAW_BYTES = 15_000_000
_UNENCODABLE = (InvalidDocument, DocumentTooLarge, OverflowError, UnicodeEncodeError)

Document = dict[str, Any]


@dataclass(slots=True)
class _Entry:
    """One document on its way into the collection; `is_silent`: its `modified` is no new one."""

    name: str
    fields: Document
    is_new: bool
    is_silent: bool


async def store_documents(
    session: Session,
    doctype: str,
    documents: Sequence[Document],
    report: DocTypeReport,
    bury: Bury | None = None,
) -> set[str]:
    """Store a page's documents, count them in `report`, return the names that were rejected.

    `bury`: takes away stored lifetimes whose names have another bearer by now.

    Raises:
        LeaseLost: if another holder works on the instance by now.
    """
    await session.lease.assert_held()
    hashes = await asyncio.to_thread(_hash_all, documents)
    stored = await read_contents(session.documents, doctype, [str(d["name"]) for d in documents])
    replaced = _find_replaced(documents, stored)
    if replaced and bury:
        await bury(replaced)
        for name, _ in replaced:
            del stored[name]
    entries = [
        _entry(session, doctype, document, content_hash, stored)
        for document, content_hash in zip(documents, hashes, strict=True)
        if _hash_of(stored.get(str(document["name"]))) != content_hash
    ]
    restored_at = await _restore(session, doctype, [entry for entry in entries if entry.is_new])
    refused = await _write(session, doctype, entries)
    written = [entry for entry in entries if entry.name not in refused]
    if restored_at:
        names = [entry.name for entry in written]
        await settle_restored(session.instance, doctype, names, restored_at)
    report.new += sum(entry.is_new for entry in written)
    report.changed += sum(not entry.is_new for entry in written)
    report.silent += sum(entry.is_silent for entry in written)
    for entry in entries:
        if entry.name in refused:
            await reject(session, doctype, entry.name, refused[entry.name], entry.fields)
            report.rejected += 1
    session.progress.documents_stored(session.instance, doctype, len(documents))
    return set(refused)


async def reject(
    session: Session, doctype: str, name: str, why: DocumentRejected, fields: Document | None = None
) -> None:
    """Keep a document that can't be stored aside, with its reason and raw JSON."""
    raw = msgspec.json.encode(fields["document_data"]) if fields else b""
    packed = await asyncio.to_thread(zlib.compress, raw)
    record = RejectedDocument(
        instance=session.instance,
        doctype=doctype,
        name=name,
        code=why.context.get("code", why.code),
        reason=why.message,
        raw=packed if raw and len(packed) <= MAX_RAW_BYTES else None,
        raw_bytes=len(raw),
        run_id=session.run_id,
        rejected_at=session.clock(),
    )
    await keep_rejected(record)


async def _restore(session: Session, doctype: str, entries: list[_Entry]) -> datetime | None:
    """Note on their tombstones that lifetimes are back, before they are: a killed run misses none.

    A question a page for a DocType that nothing ever left. Returns when, if any is back.
    """
    if not entries or not await has_tombstones(session.instance, doctype):
        return None
    lifetimes = [(entry.name, entry.fields["erp_creation"]) for entry in entries]
    now = session.clock()
    return now if await mark_restored(session.instance, doctype, lifetimes, now) else None


def _find_replaced(
    documents: Sequence[Document], stored: Mapping[str, StoredVersion]
) -> list[Lifetime]:
    """Return the stored lifetimes under the names of `documents` that are not these documents'."""
    known = ((document, stored.get(str(document["name"]))) for document in documents)
    return [
        (str(document["name"]), version.erp_creation)
        for document, version in known
        if version and version.erp_creation not in {None, document.get("creation")}
    ]


def _hash_of(version: StoredVersion | None) -> str | None:
    return version.content_hash if version else None


def _hash_all(documents: Sequence[Document]) -> list[str]:
    return [hash_content(document) for document in documents]


def _entry(
    session: Session,
    doctype: str,
    document: Document,
    content_hash: str,
    stored: Mapping[str, StoredVersion],
) -> _Entry:
    name = str(document["name"])
    owner = document.get("owner")
    fields = {
        "doctype": doctype,
        "name": name,
        "erp_modified": document.get("modified"),
        "erp_creation": document.get("creation"),
        "owner_lc": owner.lower() if isinstance(owner, str) else None,
        "content_hash": content_hash,
        "synced_at": session.clock(),
        "run_id": session.run_id,
        "document_data": document,
    }
    known = stored.get(name)
    is_silent = known is not None and known.erp_modified == fields["erp_modified"]
    return _Entry(name, fields, is_new=known is None, is_silent=is_silent)


async def _write(
    session: Session, doctype: str, entries: list[_Entry]
) -> dict[str, DocumentRejected]:
    """Write what MongoDB takes; return name → why of what it does not."""
    known = [entry for entry in entries if not entry.is_new]
    entries = known + await _insert(session, [entry for entry in entries if entry.is_new])
    refused: dict[str, DocumentRejected] = {}
    while entries:
        try:
            writes = [_write_model(session, doctype, entry) for entry in entries]
            await session.documents.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            return refused | _read_write_errors(session, entries, error)
        except (*_UNENCODABLE, OperationFailure) as error:
            # The whole command: nothing of it was written.
            unfit = {entry.name: why for entry in entries if (why := find_obstacle(entry.fields))}
            if not unfit or (isinstance(error, OperationFailure) and error.code not in TOO_LARGE):
                raise
            refused |= unfit
            entries = [entry for entry in entries if entry.name not in unfit]
        else:
            break
    return refused


async def _insert(session: Session, entries: list[_Entry]) -> list[_Entry]:
    """Insert documents, which takes MongoDB a third of an upsert's work; return those to upsert.

    They are what MongoDB did not take, and all of them if it can't be told how many it took: the
    upsert finds out why, and whether a later run was here.
    """
    if not entries:
        return []
    try:
        # Copies, since the driver adds an _id.
        await session.documents.insert_many([{**entry.fields} for entry in entries], ordered=False)
    except BulkWriteError as error:
        return [entries[failed["index"]] for failed in error.details["writeErrors"]]
    except (*_UNENCODABLE, OperationFailure):
        return entries
    return []


def find_obstacle(fields: Document) -> DocumentRejected | None:
    """Return why MongoDB can't hold a document, or None if it can."""
    try:
        size = len(bson.encode(fields))
    except _UNENCODABLE as error:
        return DocumentRejected(f"MongoDB can't hold it: {error}", code=type(error).__name__)
    if size > MAX_BSON_BYTES:
        return DocumentRejected(
            f"It takes {size:,} bytes; MongoDB holds {MAX_BSON_BYTES:,}.", code="too_large"
        )
    return None


def _write_model(session: Session, doctype: str, entry: _Entry) -> UpdateOne:
    """Return an upsert that meets a duplicate key when a later run has written the document."""
    not_later = {"$not": {"$gt": session.run_id}}
    return UpdateOne(
        {"doctype": doctype, "name": entry.name, "run_id": not_later},
        {"$set": entry.fields},
        upsert=True,
    )


def _read_write_errors(
    session: Session, entries: list[_Entry], error: BulkWriteError
) -> dict[str, DocumentRejected]:
    refused = {}
    for failed in error.details["writeErrors"]:
        if failed["code"] == DUPLICATE_KEY:
            raise LeaseLost(
                f"A later run has already written to {session.instance}.",
                cure="Nothing to do: the other process does the work.",
                instance=session.instance,
            )
        message = f"MongoDB refused it: {failed['errmsg']}"
        code = "too_large" if failed["code"] in TOO_LARGE else "refused"
        refused[entries[failed["index"]].name] = DocumentRejected(message, code=code)
    return refused
