"""The permission tables are of one moment, whatever is changed while they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import httpx
import pytest

from tests.ingesting import no_sleep
from warehouse.access.compiler import compile_access
from warehouse.access.refresh import Outside, refresh_access
from warehouse.access.verdict import Access, RoleBranch
from warehouse.erpnext.client import ErpClient
from warehouse.erpnext.query import ListQuery
from warehouse.errors import AccessSnapshotInvalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ingesting import Ingester
    from warehouse.access.snapshot import Snapshot

FIELD_STAFF, SALES = "field@ragijonna.example", "sales@ragijonna.example"


class Meddling(httpx.AsyncBaseTransport):
    """Lets something happen at the site just before it lists User Permissions, so often."""

    def __init__(self, happen: Callable[[], None], times: int = 1) -> None:
        self._happen, self._left = happen, times
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = unquote_plus(str(request.url) + request.content.decode())
        if self._left and '"User Permission"' in asked.replace("doctype=User P", '"User P'):
            self._left -= 1
            self._happen()
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def refresh(
    ingester: Ingester, transport: httpx.AsyncBaseTransport | None = None
) -> Snapshot:
    outside = Outside(transport=transport, sleep=no_sleep)
    return (await refresh_access(ingester.erp, outside)).snapshot


async def give_rules(ingester: Ingester) -> tuple[list[str], str]:
    """Give customers custom rules; return their names, and that of the site's User Permission."""
    standard = (await refresh(ingester)).standard_rules["Customer"]
    roles = sorted({rule.role for rule in standard if rule.reads} | {"System Manager"})
    rule = {"parent": "Customer", "permlevel": 0, "read": 1, "if_owner": 0}
    rows = [{**rule, "name": f"custom-{role}", "role": role} for role in roles]
    ingester.insert("Custom DocPerm", *rows)
    async with ErpClient(ingester.erp) as client:
        [permission] = await client.list_rows(ListQuery("User Permission", ("name",)))
    return [row["name"] for row in rows], permission["name"]


async def test_a_rule_that_went_before_a_user_permission_did_shows_nothing(
    ingester: Ingester,
) -> None:
    rules, permission = await give_rules(ingester)
    before = compile_access(await refresh(ingester), FIELD_STAFF, "Customer")
    assert isinstance(before, Access)
    assert isinstance(before.branches[0], RoleBranch)
    assert before.branches[0].links

    def dismiss() -> None:
        for name in rules:
            ingester.edit("Custom DocPerm", name, read=0)
        ingester.edit("User Permission", permission, user=SALES)

    snapshot = await refresh(ingester, Meddling(dismiss))
    assert not snapshot.user_permissions.get(FIELD_STAFF)
    assert not isinstance(compile_access(snapshot, FIELD_STAFF, "Customer"), Access)


async def test_tables_that_never_hold_still_are_not_used(ingester: Ingester) -> None:
    [rule, *_], _ = await give_rules(ingester)
    flags = iter(range(100))

    def toggle() -> None:
        ingester.edit("Custom DocPerm", rule, read=next(flags) % 2)

    with pytest.raises(AccessSnapshotInvalid, match="change faster"):
        await refresh(ingester, Meddling(toggle, times=100))
