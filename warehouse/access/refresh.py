"""Read an instance's permission tables anew and put them in force, or leave the last ones there.

Whole every time and never by `modified`: the Role Permissions Manager and others change these
tables by SQL. What is not read whole is not used at all, since the row that is missing could be
the one that hides a document.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from warehouse.access.content import pack, unpack
from warehouse.access.lists import read_tables
from warehouse.access.metas import read_metas
from warehouse.access.pending import find_pending
from warehouse.access.snapshot import Attestation
from warehouse.access.strictness import SETTINGS
from warehouse.access.tables import Facts, build_snapshot, tables_in_part
from warehouse.documents.access import (
    AccessAttestation,
    AccessPointer,
    drop_unused,
    put_in_force,
    read_content,
    record_failure,
    write_content,
)
from warehouse.documents.control import Failure
from warehouse.documents.whole import read_whole
from warehouse.erpnext.client import ErpClient
from warehouse.erpnext.query import ListQuery
from warehouse.errors import (
    AccessSnapshotInvalid,
    ErpRejected,
    KeyRightsUnknown,
    WarehouseError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from warehouse.access.metas import Metas
    from warehouse.access.snapshot import Node, Snapshot
    from warehouse.access.tables import Rows
    from warehouse.erpnext.retrying import Sleep
    from warehouse.settings import ErpInstance

HELD_BACK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Outside:
    """What a refresh takes from outside; tests inject their own."""

    transport: httpx.AsyncBaseTransport | None = None
    sleep: Sleep = asyncio.sleep
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh put in force. `lacking`: DocTypes that can't be shown, and why."""

    snapshot: Snapshot
    version: str
    read_at: datetime
    is_changed: bool
    rows: dict[str, int]
    lacking: dict[str, str]


async def refresh_access(
    erp: ErpInstance, outside: Outside | None = None, *, accepts_empty: bool = False
) -> Refreshed:
    """Read the permission tables of an instance and put them in force.

    `accepts_empty`: also where a table that had rows has none now.

    Raises:
        AccessSnapshotInvalid: if they could not be read whole; the last valid ones stay in force.
        ErpError: as `ErpClient`; the last valid ones stay in force.
    """
    outside = outside or Outside()
    started = outside.clock()
    pointer = await AccessPointer.get(erp.instance) or AccessPointer(id=erp.instance)
    pointer.attempted_at = started
    try:
        before = await _load(pointer)
        async with ErpClient(erp, transport=outside.transport, sleep=outside.sleep) as client:
            snapshot, metas, counts = await _read(
                client, erp, _Attempt(pointer, before, started, accepts_empty)
            )
        pending = find_pending(snapshot, before, await read_whole(erp.instance), outside.clock())
        snapshot = replace(snapshot, pending=pending)
    except WarehouseError as error:
        pointer.failure = Failure(code=error.code, message=error.message, cure=error.cure)
        pointer.is_doubted |= isinstance(error, KeyRightsUnknown | ErpRejected)
        await record_failure(pointer)
        raise
    return await _store(pointer, _Found(snapshot, metas, counts, started))


@dataclass(frozen=True, slots=True)
class _Attempt:
    pointer: AccessPointer
    before: Snapshot | None
    started: datetime
    accepts_empty: bool


@dataclass(frozen=True, slots=True)
class _Found:
    snapshot: Snapshot
    metas: Metas
    counts: dict[str, int]
    started: datetime


async def _read(
    client: ErpClient, erp: ErpInstance, attempt: _Attempt
) -> tuple[Snapshot, Metas, dict[str, int]]:
    user = await client.read_logged_user()
    if await client.read_user_permissions():
        raise AccessSnapshotInvalid(
            f"User Permissions hide rows of {erp.instance}'s permission tables from {user}.",
            cure=f"Remove them in ERPNext: User Permission list, filtered by {user}.",
            instance=erp.instance,
        )
    rows = await read_tables(client)
    counts = {name: len(found) for name, found in rows.items()}
    _hold_back(attempt, counts)
    metas = await read_metas(client, erp, rows, attempt.before)
    facts = Facts(
        rows=rows,
        versions=await read_apps(client),
        settings=await client.read(SETTINGS),
        reader=user,
        metas=metas.by_name,
        fingerprints=metas.fingerprints,
        trees=await _read_trees(client, rows, metas),
    )
    snapshot = build_snapshot(erp.instance, facts, await _read_attestation(erp.instance))
    if in_part := tables_in_part(snapshot, user):
        raise KeyRightsUnknown(
            f"The key's user {user} may not be shown every row of {', '.join(in_part)}.",
            cure=f"Give {user} the roles System Manager and Script Manager in ERPNext.",
            instance=erp.instance,
        )
    return snapshot, metas, counts


def _hold_back(attempt: _Attempt, counts: dict[str, int]) -> None:
    """Refuse a table that had rows and has none, until that is told twice or accepted."""
    pointer, had = attempt.pointer, attempt.pointer.rows
    emptied = [name for name, number in counts.items() if not number and had.get(name)]
    since = {name: pointer.emptied.get(name, attempt.started) for name in emptied}
    pointer.emptied = since
    if attempt.accepts_empty:
        return
    held = [name for name in emptied if attempt.started - since[name] < HELD_BACK]
    if held:
        raise AccessSnapshotInvalid(
            f"{', '.join(held)} of {pointer.id} had rows and has none now; not believed yet.",
            cure=(
                "If that is right, a reading ten minutes later or "
                f"csa access accept {pointer.id} puts it in force."
            ),
            instance=pointer.id,
        )


async def read_apps(client: ErpClient) -> dict[str, str]:
    """Return app → version by both lists that Frappe keeps; what either names is installed."""
    versions = await client.read_versions()
    listed = (await client.read("Installed Applications")).get("installed_applications") or []
    return {str(row["app_name"]): str(row.get("app_version") or "") for row in listed} | versions


async def _read_trees(client: ErpClient, rows: Rows, metas: Metas) -> dict[str, dict[str, Node]]:
    """Return the trees that User Permissions reach into; without one, less is allowed."""
    trees: dict[str, dict[str, Node]] = {}
    for doctype in sorted({row["allow"] for row in rows["User Permission"]}):
        fields = metas.by_name.get(doctype, {}).get("fields", ())
        if not {"lft", "rgt"} <= {field["fieldname"] for field in fields}:
            continue
        try:
            nodes = await client.list_rows(ListQuery(doctype, ("name", "lft", "rgt")))
        except ErpRejected as error:
            metas.lacking[doctype] = error.message
            continue
        trees[doctype] = {
            str(node["name"]): (node["lft"], node["rgt"])
            for node in nodes
            if node.get("lft") and node.get("rgt")
        }
    return trees


async def _read_attestation(instance: str) -> Attestation:
    attested = await AccessAttestation.get(instance)
    if attested is None:
        return Attestation()
    return Attestation(attested.apps, frozenset(attested.hooked))


async def _load(pointer: AccessPointer) -> Snapshot | None:
    """Return the snapshot in force, to take unchanged metas from; None if it can't be used."""
    data = await read_content(pointer) if pointer.version else None
    try:
        found = unpack(pointer.version, data) if data else None
        return found and replace(found, is_doubted=pointer.is_doubted)
    except ValueError:  # of an earlier version of this software, or damaged: read all anew
        return None


async def _store(pointer: AccessPointer, found: _Found) -> Refreshed:
    version, data = pack(found.snapshot)
    before = pointer.version
    pointer.parts = await write_content(pointer.id, version, data, found.started)
    pointer.version = version
    pointer.read_at = found.started
    pointer.rows = found.counts
    pointer.emptied = {}
    pointer.failure = None
    pointer.pending = sorted(found.snapshot.pending)
    await put_in_force(pointer)
    await drop_unused(pointer, before, found.started)
    return Refreshed(
        snapshot=found.snapshot,
        version=version,
        read_at=found.started,
        is_changed=version != before,
        rows=found.counts,
        lacking=found.metas.lacking,
    )
