"""Who reads in the read figures: an employee whom User Permissions restrict, and one who is not.

The restricted one is allowed the company and the cost centers of all invoices, so that both see the
same rows: the filter is compiled and evaluated, row by row of each document, and refuses nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.snapshots import put_snapshot
from warehouse.access.compiler import compile_access
from warehouse.access.refresh import refresh_access
from warehouse.access.rules import SYSTEM_USER
from warehouse.access.snapshot import User, UserPermission
from warehouse.access.verdict import Access
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from warehouse.settings import ErpInstance

UNRESTRICTED, RESTRICTED = "whole@bench.example", "part@bench.example"
ROLE = "Accounts Manager"
CREATION = "2026-01-01 00:00:00"
ALLOWED = {"Company": "company", "Cost Center": "items.cost_center"}


async def employ(erp: ErpInstance, doctype: str) -> dict[str, Any]:
    """Put a snapshot with both in force; return the filter of the restricted one."""
    snapshot = (await refresh_access(erp)).snapshot
    both = (UNRESTRICTED, RESTRICTED)
    users = {
        name: User(name, is_enabled=True, user_type=SYSTEM_USER, creation=CREATION) for name in both
    }
    snapshot = replace(
        snapshot,
        pending={},
        users=snapshot.users | users,
        roles=snapshot.roles | dict.fromkeys(both, frozenset({ROLE})),
        user_permissions=snapshot.user_permissions | {RESTRICTED: await _allow_all(erp, doctype)},
    )
    await put_snapshot(snapshot)
    access = compile_access(snapshot, RESTRICTED, doctype)
    if not isinstance(access, Access) or not access.condition:
        raise RuntimeError(f"{RESTRICTED} is not restricted: {access}")
    return access.condition


async def _allow_all(erp: ErpInstance, doctype: str) -> tuple[UserPermission, ...]:
    collection = raw_model(erp.instance).get_pymongo_collection()
    allowed: list[UserPermission] = []
    for allow, path in ALLOWED.items():
        values = await collection.distinct(f"document_data.{path}", {"doctype": doctype})
        allowed += [UserPermission(allow, value) for value in values]
    return tuple(allowed)
