"""The merged metas of a snapshot: read anew where a DocType, or a customization of it, changed.

A meta costs the ERP 50 to 200 ms. Which ones changed is told by the lists of DocType, Custom Field
and Property Setter, whole rows of them: `getdoctype`'s own time stamp knows the DocType alone.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from warehouse.erpnext.meta import TABLE_FIELDTYPES, trim_meta
from warehouse.erpnext.policy import Policy, is_selected, policy_of
from warehouse.errors import ErpContractBroken, ErpRejected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from warehouse.access.snapshot import Meta, Snapshot
    from warehouse.access.tables import Row, Rows
    from warehouse.erpnext.client import ErpClient
    from warehouse.settings import ErpInstance

_encode = msgspec.json.Encoder(order="deterministic").encode
_CUSTOMIZATIONS = (("DocType", "name"), ("Custom Field", "dt"), ("Property Setter", "doc_type"))


@dataclass(slots=True)
class Metas:
    """Metas by DocType. `lacking`: DocTypes whose meta the ERP can't give, and why."""

    by_name: dict[str, Meta] = field(default_factory=dict)
    fingerprints: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)


async def read_metas(
    client: ErpClient, erp: ErpInstance, rows: Rows, before: Snapshot | None
) -> Metas:
    """Return the metas of what can be served or is named by a User Permission.

    One that the ERP refuses or garbles is lacking: nothing of that DocType will be shown.

    Raises:
        ErpError: what concerns the whole site.
    """
    metas, changes = Metas(), _digest_changes(rows)
    due = [doctype for doctype in _wanted(erp, rows) if not _keep(metas, doctype, before, changes)]
    try:
        async with asyncio.TaskGroup() as reading:
            for doctype in due:
                reading.create_task(_read(client, doctype, metas, changes))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return metas


def _wanted(erp: ErpInstance, rows: Rows) -> list[str]:
    kinds = {row["name"]: row for row in rows["DocType"]}
    served = {name for name, row in kinds.items() if _is_served(row, erp)}
    allowed = {row["allow"] for row in rows["User Permission"]} & kinds.keys()
    return sorted(served | allowed)


def _is_served(row: Row, erp: ErpInstance) -> bool:
    policy = policy_of(row["name"], is_custom=bool(row["custom"]), is_single=bool(row["issingle"]))
    return (
        not row["istable"]
        and not row["is_virtual"]
        and policy is Policy.ORDINARY
        and is_selected(row["name"], erp.include, erp.exclude)
    )


def _keep(metas: Metas, doctype: str, before: Snapshot | None, changes: dict[str, str]) -> bool:
    """Take over a DocType's metas from the snapshot before, if nothing of them has changed."""
    if before is None or doctype not in before.fingerprints:
        return False
    meta = before.metas[doctype]
    names = [doctype, *_tables(meta)]
    if before.fingerprints[doctype] != _fingerprint(names, changes):
        return False
    metas.by_name |= {name: before.metas[name] for name in names if name in before.metas}
    metas.fingerprints[doctype] = before.fingerprints[doctype]
    return True


async def _read(client: ErpClient, doctype: str, metas: Metas, changes: dict[str, str]) -> None:
    try:
        found = [trim_meta(meta) for meta in await client.read_metas(doctype)]
    except (ErpRejected, ErpContractBroken) as error:
        metas.lacking[doctype] = error.message
        return
    metas.by_name |= {meta["name"]: meta for meta in found}
    names = [doctype, *_tables(found[0])]
    metas.fingerprints[doctype] = _fingerprint(names, changes)


def _tables(meta: Meta) -> list[str]:
    """Return the DocTypes of a DocType's child tables."""
    tables = (field for field in meta["fields"] if field["fieldtype"] in TABLE_FIELDTYPES)
    return sorted({str(field.get("options")) for field in tables})


def _digest_changes(rows: Rows) -> dict[str, str]:
    """Return DocType → a digest of its row and those of its customizations."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for table, column in _CUSTOMIZATIONS:
        for row in rows[table]:
            found[str(row[column])].append(_encode(row))
    return {doctype: _digest(sorted(parts)) for doctype, parts in found.items()}


def _fingerprint(names: Iterable[str], changes: dict[str, str]) -> str:
    return _digest(f"{name}={changes.get(name)}".encode() for name in names)


def _digest(parts: Iterable[bytes]) -> str:
    return blake2b(b"\n".join(parts), digest_size=16).hexdigest()
